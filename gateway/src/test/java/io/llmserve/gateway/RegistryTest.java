package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Clock;
import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.routing.RoundRobin;
import io.llmserve.routing.Router;
import io.llmserve.routing.SplitOptions;
import io.llmserve.wire.DiscoveryMessage.Heartbeat;
import io.llmserve.wire.DiscoveryMessage.Register;
import io.llmserve.wire.DiscoveryReply;
import io.llmserve.wire.WorkerAnnouncement;
import io.llmserve.wire.WorkerAnnouncement.Engine;
import io.llmserve.wire.WorkerAnnouncement.Limits;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Who is in, in virtual time.
final class RegistryTest {
    private static final long SECOND = 1_000_000_000L;

    private final WorkerPool pool = new WorkerPool(
            GatewayOptions.defaults().health(),
            new Router(new RoundRobin(), new RoundRobin(), SplitOptions.ALWAYS),
            Clock.SYSTEM);
    private final Registry registry = new Registry(pool, Duration.ofSeconds(7), 2);

    @Test
    void aHeartbeatKeepsAWorkerIn() {
        registry.accept(new Register(worker("a", 1)), 0);
        registry.accept(new Heartbeat("a"), 6 * SECOND);
        registry.expire(13 * SECOND);
        assertThat(pool.endpoints()).containsExactly(new HostPort("h", 1));
        registry.expire(13 * SECOND + 1);
        assertThat(pool.endpoints()).isEmpty();
        assertThat(registry.accept(new Heartbeat("a"), 14 * SECOND)).isEqualTo(DiscoveryReply.UNKNOWN);
    }

    @Test
    void aRestartedWorkerReplacesTheOneAtItsAddress() {
        registry.accept(new Register(worker("a", 1)), 0);
        registry.accept(new Register(worker("b", 1)), SECOND);
        assertThat(registry.size()).isEqualTo(1);
        assertThat(registry.accept(new Heartbeat("a"), SECOND)).isEqualTo(DiscoveryReply.UNKNOWN);
        registry.expire(8 * SECOND);
        assertThat(pool.endpoints()).containsExactly(new HostPort("h", 1));
    }

    @Test
    void aWorkerThatMovedIsNotTwo() {
        registry.accept(new Register(worker("a", 1)), 0);
        registry.accept(new Register(worker("a", 2)), 0);
        assertThat(pool.endpoints()).containsExactly(new HostPort("h", 2));
    }

    @Test
    void thereIsAnEndToWorkers() {
        registry.accept(new Register(worker("a", 1)), 0);
        registry.accept(new Register(worker("b", 2)), 0);
        assertThat(registry.accept(new Register(worker("c", 3)), 0)).isEqualTo(DiscoveryReply.UNKNOWN);
        assertThat(registry.accept(new Register(worker("a", 1)), 0)).isEqualTo(DiscoveryReply.WELCOME);
        assertThat(pool.endpoints()).hasSize(2);
    }

    @Test
    void sayingTheSameAgainKeepsWhatIsKnown() {
        registry.accept(new Register(worker("a", 1)), 0);
        pool.probeSucceeded(new HostPort("h", 1));
        registry.accept(new Register(worker("a", 1)), SECOND);
        assertThat(pool.isUp(new HostPort("h", 1))).isTrue();
    }

    private static WorkerAnnouncement worker(String id, int port) {
        return new WorkerAnnouncement(
                id,
                WorkerRole.DECODE,
                new HostPort("h", port),
                Optional.empty(),
                Engine.EMBEDDED,
                "",
                "m",
                List.of(),
                Limits.UNKNOWN,
                false,
                "");
    }
}
