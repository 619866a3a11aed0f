package io.llmserve.worker.kv;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.wire.DiscoveryMessage;
import io.llmserve.wire.DiscoveryMessage.Heartbeat;
import io.llmserve.wire.DiscoveryMessage.Leave;
import io.llmserve.wire.DiscoveryMessage.Register;
import io.llmserve.wire.DiscoveryReply;
import io.llmserve.wire.WorkerAnnouncement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;

/// A worker and a gateway's side of discovery, over real ZeroMQ.
class RegistrationTest {
    private static final WorkerAnnouncement SELF = new WorkerAnnouncement(
            "w1",
            WorkerRole.DECODE,
            new HostPort("127.0.0.1", 8100),
            Optional.of(new HostPort("127.0.0.1", 21001)),
            WorkerAnnouncement.Engine.EMBEDDED,
            "e1",
            "m",
            List.of(),
            new WorkerAnnouncement.Limits(16, 256, 8),
            true,
            "0.1.0");

    private ZContext context = new ZContext(1);
    private ZMQ.Socket router = router();
    private final int port = router.bindToRandomPort("tcp://127.0.0.1");
    private byte @Nullable [] sender;

    @AfterEach
    void close() {
        context.close();
    }

    @Test
    void registersStaysAndLeaves() {
        Registration registration = begin(Duration.ofMillis(50));
        assertThat(next()).isEqualTo(new Register(SELF));
        answer(DiscoveryReply.WELCOME);
        assertThat(skipping(Register.class)).isEqualTo(new Heartbeat("w1"));
        registration.close();
        DiscoveryMessage last = next();
        while (!(last instanceof Leave)) {
            last = next();
        }
        assertThat(last).isEqualTo(new Leave("w1"));
    }

    @Test
    void registersAgainAtOnceWhenTheGatewayHasForgottenIt() {
        try (Registration _ = begin(Duration.ofMinutes(1))) {
            assertThat(next()).isInstanceOf(Register.class);
            answer(DiscoveryReply.WELCOME);
            answer(DiscoveryReply.UNKNOWN);
            assertThat(next()).isEqualTo(new Register(SELF));
        }
    }

    @Test
    void registersAgainWhenTheGatewayIsSilent() {
        try (Registration registration = begin(Duration.ofMillis(50))) {
            assertThat(next()).isInstanceOf(Register.class);
            answer(DiscoveryReply.WELCOME);
            assertThat(skipping(Register.class)).isEqualTo(new Heartbeat("w1"));
            assertThat(skipping(Heartbeat.class)).isEqualTo(new Register(SELF));
            assertThat(registration.isWelcome()).isFalse();
        }
    }

    @Test
    void findsAGatewayThatWasRestartedOnItsPort() {
        try (Registration _ = begin(Duration.ofMillis(50))) {
            assertThat(next()).isInstanceOf(Register.class);
            answer(DiscoveryReply.WELCOME);
            assertThat(skipping(Register.class)).isEqualTo(new Heartbeat("w1"));
            context.close(); // waits until the port is free
            context = new ZContext(1);
            router = router();
            router.bind("tcp://127.0.0.1:" + port);
            assertThat(skipping(Heartbeat.class)).isEqualTo(new Register(SELF));
            answer(DiscoveryReply.WELCOME);
            assertThat(skipping(Register.class)).isEqualTo(new Heartbeat("w1"));
        }
    }

    @Test
    void connectsAnewWhenAnswersAreLostOnTheWay() throws Exception {
        try (SwallowingRelay relay = new SwallowingRelay(port);
                Registration registration =
                        Registration.begin("tcp://127.0.0.1:" + relay.port(), SELF, Duration.ofMillis(50))) {
            assertThat(next()).isInstanceOf(Register.class);
            answer(DiscoveryReply.WELCOME);
            assertThat(skipping(Register.class)).isEqualTo(new Heartbeat("w1"));
            byte[] first = sender;
            relay.swallowAnswersOfOpenConnections();
            while (Arrays.equals(sender, first)) {
                next();
                answer(DiscoveryReply.WELCOME);
            }
            assertThat(skipping(Register.class)).isEqualTo(new Heartbeat("w1"));
            assertThat(registration.isWelcome()).isTrue();
        }
    }

    private Registration begin(Duration interval) {
        return Registration.begin("tcp://127.0.0.1:" + port, SELF, interval);
    }

    /// One that does not wait for ever for what never comes.
    private ZMQ.Socket router() {
        ZMQ.Socket socket = context.createSocket(SocketType.ROUTER);
        socket.setReceiveTimeOut(60_000);
        return socket;
    }

    private DiscoveryMessage next() {
        sender = router.recv();
        assertThat(sender).as("what the worker says within a minute").isNotNull();
        return DiscoveryMessage.decode(router.recv());
    }

    /// The next message of another kind.
    private DiscoveryMessage skipping(Class<? extends DiscoveryMessage> kind) {
        DiscoveryMessage message = next();
        while (kind.isInstance(message)) {
            message = next();
        }
        return message;
    }

    private void answer(DiscoveryReply reply) {
        router.sendMore(sender);
        router.send(reply.encode());
    }
}
