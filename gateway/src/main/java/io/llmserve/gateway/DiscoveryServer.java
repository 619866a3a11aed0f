package io.llmserve.gateway;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.wire.DiscoveryMessage;
import io.llmserve.wire.DiscoveryReply;
import java.nio.channels.ClosedSelectorException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;
import org.zeromq.ZMQException;

/// Where workers register themselves: a ZeroMQ ROUTER that hands messages to the [Registry]. One thread of its
/// own owns socket and registry.
final class DiscoveryServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DiscoveryServer.class);
    private static final int TICK_MILLIS = 250;
    private static final int BACKLOG = 1_024;

    private final Registry registry;
    private final Clock clock;
    private final ZContext context = new ZContext(1);
    private final Thread thread = Thread.ofPlatform().name("discovery").daemon().unstarted(this::run);
    private final int port;
    private final ZMQ.Socket router;
    private volatile boolean closing;

    /// Binds; port 0 takes a free one. CONFIGURATION where it is taken.
    DiscoveryServer(String host, int port, Registry registry, Clock clock) {
        this.registry = registry;
        this.clock = clock;
        router = context.createSocket(SocketType.ROUTER);
        router.setLinger(0);
        router.setIPv6(true);
        router.setMaxMsgSize(DiscoveryMessage.MAX_BYTES);
        router.setRcvHWM(BACKLOG);
        router.setSndHWM(BACKLOG);
        router.setReceiveTimeOut(TICK_MILLIS);
        this.port = bind(host, port);
    }

    private int bind(String host, int wanted) {
        String address =
                "tcp://" + new HostPort(host, Math.max(1, wanted)).toString().replaceFirst(":\\d+$", ":");
        try {
            if (wanted == 0) {
                return router.bindToRandomPort(address.substring(0, address.length() - 1));
            }
            router.bind(address + wanted);
            return wanted;
        } catch (ZMQException taken) {
            context.close();
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "discovery port %d on %s cannot be opened: %s".formatted(wanted, host, taken.getMessage()),
                    taken);
        }
    }

    void start() {
        thread.start();
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        closing = true;
        try {
            if (thread.isAlive()) {
                thread.join();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        context.close();
    }

    private void run() {
        try {
            while (!closing) {
                byte @Nullable [] sender = router.recv();
                if (sender != null) {
                    message(sender);
                }
                registry.expire(clock.nanos());
            }
        } catch (ZMQException | ClosedSelectorException closed) {
            if (!closing) {
                LOG.error("discovery has stopped: no worker can register any more", closed);
            }
        }
    }

    /// One message: the sender's identity, perhaps an empty frame (from a REQ socket), the map.
    private void message(byte[] sender) {
        byte @Nullable [] last = null;
        boolean delimited = false;
        while (router.hasReceiveMore()) {
            last = router.recv();
            delimited |= last != null && last.length == 0;
        }
        if (last == null) {
            return;
        }
        try {
            answer(sender, delimited, registry.accept(DiscoveryMessage.decode(last), clock.nanos()));
        } catch (ServeException refused) {
            LOG.warn("a discovery message is dropped: {}", refused.getMessage());
        }
    }

    /// A sender that is gone, or does not read, loses the answer.
    private void answer(byte[] sender, boolean delimited, DiscoveryReply reply) {
        router.send(sender, ZMQ.SNDMORE | ZMQ.DONTWAIT);
        if (delimited) {
            router.send(new byte[0], ZMQ.SNDMORE | ZMQ.DONTWAIT);
        }
        router.send(reply.encode(), ZMQ.DONTWAIT);
    }
}
