package io.llmserve.worker.kv;

import io.llmserve.core.ServeException;
import io.llmserve.wire.DiscoveryMessage;
import io.llmserve.wire.DiscoveryReply;
import io.llmserve.wire.WorkerAnnouncement;
import java.nio.channels.ClosedSelectorException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;
import org.zeromq.ZMQException;

/// Makes a worker known to a gateway, and keeps it known: registers until it is welcome, then says at intervals
/// that it is still there, and registers again whenever the gateway has forgotten it or was silent too long, then
/// over a new connection: the old one may be dead without either end having been told. A gateway that is not
/// there (yet) is no failure. One thread of its own owns the socket.
public final class Registration implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Registration.class);
    /// Messages without an answer, after which the gateway may have been restarted or the connection lost.
    private static final int PATIENCE = 3;
    /// Each fruitless connection is followed by one that is given twice as long, up to this: where shaking hands
    /// takes its time, one of them gets through.
    private static final int MOST_PATIENCE = 32;
    /// How long a last word may take to leave.
    private static final int LINGER_MILLIS = 500;

    private final String gateway;
    private final WorkerAnnouncement self;
    private final Duration interval;
    private final ZContext context = new ZContext(1);
    private final CountDownLatch leaving = new CountDownLatch(1);
    private final Thread thread =
            Thread.ofPlatform().name("registration").daemon().unstarted(this::run);
    private volatile boolean welcome;
    private int unanswered;
    private int patience = PATIENCE;

    private Registration(String gateway, WorkerAnnouncement self, Duration interval) {
        this.gateway = gateway;
        this.self = self;
        this.interval = interval;
        this.context.setLinger(LINGER_MILLIS);
    }

    /// @param gateway where it takes registrations, e.g. `tcp://10.0.0.1:30001`
    public static Registration begin(String gateway, WorkerAnnouncement self) {
        return begin(gateway, self, Duration.ofSeconds(DiscoveryMessage.HEARTBEAT_SECONDS));
    }

    /// @param interval between heartbeats
    static Registration begin(String gateway, WorkerAnnouncement self, Duration interval) {
        Registration registration = new Registration(gateway, self, interval);
        registration.thread.start();
        return registration;
    }

    /// Whether the gateway has answered that it knows this worker.
    public boolean isWelcome() {
        return welcome;
    }

    /// Asks for no more requests: those that run may end. Then there is no more to be said.
    @Override
    public void close() {
        leaving.countDown();
        try {
            thread.join();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        context.close();
    }

    private void run() {
        try {
            while (leaving.getCount() > 0) {
                connected();
            }
        } catch (ZMQException | ClosedSelectorException failure) {
            LOG.error("this worker is no longer registered at {}", gateway, failure);
        }
    }

    /// For as long as the gateway answers, or until we leave.
    private void connected() {
        try (ZMQ.Socket socket = context.createSocket(SocketType.DEALER)) {
            socket.connect(gateway);
            unanswered = 0;
            while (leaving.getCount() > 0) {
                if (unanswered > patience) {
                    silent();
                    socket.setLinger(0); // what it still holds would come late
                    return;
                }
                say(socket, welcome ? new DiscoveryMessage.Heartbeat(self.id()) : new DiscoveryMessage.Register(self));
                listen(socket);
            }
            say(socket, new DiscoveryMessage.Leave(self.id()));
        }
    }

    private void silent() {
        if (welcome) {
            LOG.warn("the gateway at {} has not answered {} heartbeats, connecting anew", gateway, patience);
            welcome = false;
        }
        patience = Math.min(2 * patience, MOST_PATIENCE);
    }

    private void say(ZMQ.Socket socket, DiscoveryMessage message) {
        socket.send(message.encode(), ZMQ.DONTWAIT);
        unanswered++;
    }

    /// Until the next heartbeat is due.
    private void listen(ZMQ.Socket socket) {
        long until = System.nanoTime() + interval.toNanos();
        for (long left = interval.toMillis(); left > 0; left = (until - System.nanoTime()) / 1_000_000) {
            if (leaving.getCount() == 0) {
                return;
            }
            socket.setReceiveTimeOut((int) Math.min(left, 100));
            byte @Nullable [] answer = socket.recv();
            if (answer != null && hear(answer)) {
                return;
            }
        }
    }

    private void answered() {
        unanswered = 0;
        patience = PATIENCE;
    }

    /// Whether the gateway wants to hear more at once.
    private boolean hear(byte[] answer) {
        try {
            return switch (DiscoveryReply.decode(answer)) {
                case WELCOME -> {
                    answered();
                    if (!welcome) {
                        LOG.info(
                                "registered at {} as {} {}",
                                gateway,
                                self.role().wireName(),
                                self.httpAddress());
                    }
                    welcome = true;
                    yield false;
                }
                case UNKNOWN -> {
                    answered();
                    boolean forgotten = welcome;
                    welcome = false;
                    yield forgotten;
                }
            };
        } catch (ServeException odd) {
            LOG.debug("{} said what is no answer: {}", gateway, odd.messageText());
            return false;
        }
    }
}
