package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Clock;
import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.gateway.WorkerSource.Dns;
import io.llmserve.routing.RoundRobin;
import io.llmserve.routing.Router;
import io.llmserve.routing.SplitOptions;
import io.vertx.core.Vertx;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

final class DnsWatchTest {
    private final Map<String, List<String>> names = new ConcurrentHashMap<>();
    private final WorkerPool pool = new WorkerPool(
            GatewayOptions.defaults().health(),
            new Router(new RoundRobin(), new RoundRobin(), SplitOptions.ALWAYS),
            Clock.SYSTEM);

    @Test
    void followsTheAddressesOfItsNames() {
        names.put("prefill.svc", List.of("10.0.0.1", "10.0.0.2"));
        names.put("decode.svc", List.of("10.0.1.1"));
        Vertx vertx = Vertx.vertx();
        try {
            DnsWatch watch = new DnsWatch(
                    pool,
                    List.of(
                            new Dns("prefill.svc", 8000, WorkerRole.PREFILL),
                            new Dns("decode.svc", 8000, WorkerRole.DECODE)),
                    Duration.ofMillis(20),
                    this::resolve);
            vertx.deployVerticle(watch)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .join();
            assertThat(pool.endpoints()).containsExactlyInAnyOrder(at("10.0.0.1"), at("10.0.0.2"), at("10.0.1.1"));
            assertThat(pool.parts()).isTrue();
            names.put("prefill.svc", List.of("10.0.0.2", "10.0.0.3"));
            names.remove("decode.svc");
            Rig.eventually("it follows", () -> pool.has(at("10.0.0.3")) && !pool.has(at("10.0.0.1")));
            assertThat(pool.has(at("10.0.1.1")))
                    .as("a name that cannot be asked for changes nothing")
                    .isTrue();
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    private List<String> resolve(String name) throws UnknownHostException {
        List<String> addresses = names.get(name);
        if (addresses == null) {
            throw new UnknownHostException(name);
        }
        return addresses;
    }

    private static HostPort at(String host) {
        return new HostPort(host, 8000);
    }
}
