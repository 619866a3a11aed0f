package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.gateway.GatewayOptions.Security;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

/// Tenants before a worker with one place, over HTTP.
final class FairTurnsTest {
    private static final Security KEYS =
            new Security(List.of(new ApiKey("flood", "key-1"), new ApiKey("polite", "key-2")), "secret");
    private static final GatewayOptions ONE_PLACE =
            Rig.OPTIONS.with(Rig.limits(1, 99, 99)).with(KEYS);

    private final Semaphore go = new Semaphore(0);

    @Test
    void aFloodDoesNotDelayAnotherTenant() throws IOException {
        try (FakeWorker worker = new FakeWorker(whenTold("{}"));
                Rig rig = new Rig(ONE_PLACE, worker)) {
            List<RawClient> flood = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                flood.add(rig.client().send(post("key-1", "flood")));
            }
            Rig.eventually("19 wait", () -> rig.metric("llmserve_queue_depth") == 19);
            RawClient polite = rig.client().send(post("key-2", "polite"));
            Rig.eventually("20 wait", () -> rig.metric("llmserve_queue_depth") == 20);
            go.release(3);
            assertThat(polite.read().status()).isEqualTo(200);
            go.release(18);
            for (RawClient each : flood) {
                assertThat(each.read().status()).isEqualTo(200);
            }
            assertThat(worker.received.subList(0, 3))
                    .anyMatch(request -> request.body().contains("polite"));
        }
    }

    /// One request of a tenant brought 4,000 tokens, another tenant's 4: the usage of the answers says so.
    @Test
    void theTokensOfAnswersCount() throws IOException {
        FakeWorker.Script script = (request, wire) -> {
            go.acquire();
            int tokens = request.body().contains("flood") ? 4_000 : 4;
            String answer = "{\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":" + tokens + "}}";
            return FakeWorker.json(200, answer).answer(request, wire);
        };
        try (FakeWorker worker = new FakeWorker(script);
                Rig rig = new Rig(ONE_PLACE, worker)) {
            List<RawClient> clients = new ArrayList<>();
            clients.add(rig.client().send(post("key-1", "flood")));
            Rig.eventually("one runs", () -> rig.metric("llmserve_requests_in_flight") == 1);
            for (int i = 0; i < 10; i++) {
                clients.add(rig.client().send(post("key-1", "flood")));
                clients.add(rig.client().send(post("key-2", "polite")));
            }
            Rig.eventually("20 wait", () -> rig.metric("llmserve_queue_depth") == 20);
            go.release(21);
            for (RawClient each : clients) {
                assertThat(each.read().status()).isEqualTo(200);
            }
            assertThat(worker.received.subList(1, 11))
                    .allMatch(request -> request.body().contains("polite"));
        }
    }

    @Test
    void theEventsOfStreamsCount() throws IOException {
        FakeWorker.Script script = (request, wire) -> {
            go.acquire();
            return FakeWorker.stream(request.body().contains("flood") ? 3_000 : 2, 0)
                    .answer(request, wire);
        };
        try (FakeWorker worker = new FakeWorker(script);
                Rig rig = new Rig(ONE_PLACE, worker)) {
            RawClient first = rig.client().send(post("key-1", "flood"));
            Rig.eventually("one runs", () -> rig.metric("llmserve_requests_in_flight") == 1);
            RawClient flood = rig.client().send(post("key-1", "flood"));
            List<RawClient> polite = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                polite.add(rig.client().send(post("key-2", "polite")));
            }
            Rig.eventually("six wait", () -> rig.metric("llmserve_queue_depth") == 6);
            go.release(7);
            for (RawClient each : polite) {
                assertThat(each.read().complete()).isTrue();
            }
            assertThat(first.read().complete()).isTrue();
            assertThat(flood.read().complete()).isTrue();
            assertThat(worker.received.getLast().body()).contains("flood");
            assertThat(rig.metric("llmserve_fair_share_bound")).isPositive();
        }
    }

    private FakeWorker.Script whenTold(String body) {
        return (request, wire) -> {
            go.acquire();
            return FakeWorker.json(200, body).answer(request, wire);
        };
    }

    private static String post(String key, String who) {
        return RawClient.post(
                Rig.CHAT, "{\"model\":\"m\",\"stream\":true,\"user\":\"" + who + "\"}", "authorization: Bearer " + key);
    }
}
