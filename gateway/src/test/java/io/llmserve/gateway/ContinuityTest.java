package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.WorkerRole;
import io.llmserve.gateway.GatewayOptions.Hops;
import io.llmserve.gateway.GatewayOptions.Policy;
import io.llmserve.routing.SplitOptions;
import io.llmserve.testkit.Seeds;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/// A stream whose worker dies, hangs or drains goes on elsewhere, and the client cannot tell.
final class ContinuityTest {
    private static final FakeWorker.Script DIES = (request, wire) -> {
        wire.resetOnClose();
        return false;
    };
    private static final FakeWorker.Script HANGS = (request, wire) -> FakeWorker.hang(wire);
    private static final FakeWorker.Script DRAINS = (request, wire) -> {
        wire.chunk("data: {\"error\":{\"message\":\"draining\",\"type\":\"X\",\"param\":null,\"code\":503}}\n\n");
        wire.chunk("data: [DONE]\n\n");
        wire.endStream();
        return false;
    };
    private static final FakeWorker.Script DIES_IN_AN_EVENT = (request, wire) -> {
        wire.chunk("data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"text\":\"half");
        return false;
    };
    private static final List<FakeWorker.Script> FAULTS = List.of(DIES, DRAINS, DIES_IN_AN_EVENT);

    static final GatewayOptions OPTIONS = Rig.OPTIONS.with(
            new Hops(Duration.ofSeconds(10), Duration.ofMillis(300), 4, Policy.ROUND_ROBIN, SplitOptions.LEARNED));

    /// Whatever the endpoint, the sampling, the fault and its moment: the client reads what it would have read.
    @ParameterizedTest
    @Seeds(60)
    void theClientReadsWhatItWouldHaveReadWithoutTheFault(long seed) throws IOException {
        Random random = new Random(seed);
        int tokens = 1 + random.nextInt(8);
        boolean chat = random.nextBoolean();
        JsonObject body = new JsonObject()
                .put("model", "m")
                .put("stream", true)
                .put("max_tokens", tokens)
                .put("temperature", random.nextBoolean() ? 0.0 : 0.7)
                .put("seed", random.nextInt(1_000));
        body.put(chat ? "messages" : "prompt", chat ? messages(seed) : "prompt " + seed);
        boolean usage = random.nextBoolean();
        if (usage) {
            body.put("stream_options", new JsonObject().put("include_usage", true));
        }
        boolean wantsIds = random.nextBoolean();
        if (wantsIds) {
            body.put("return_token_ids", true);
        }
        ContractWorker one = new ContractWorker();
        ContractWorker two = new ContractWorker();
        try (FakeWorker first = new FakeWorker(one).owner("llmserve");
                FakeWorker second = new FakeWorker(two).owner("llmserve");
                Rig rig = new Rig(OPTIONS, first, second)) {
            one.failAt(random.nextInt(tokens + 2), FAULTS.get(random.nextInt(FAULTS.size())));
            // Not before its first token too: while the client has seen nothing, a request is retried once.
            two.failAt(1 + random.nextInt(tokens + 1), FAULTS.get(random.nextInt(FAULTS.size())));
            String path = chat ? "/v1/chat/completions" : "/v1/completions";
            RawClient.Answer answer =
                    rig.client().send(RawClient.post(path, body.encode())).read();
            assertThat(answer.status()).isEqualTo(200);
            ContractWorker.Read read = ContractWorker.Read.of(answer.body());
            assertThat(read.text()).isEqualTo(ContractWorker.text(body));
            assertThat(read.finishes()).containsExactly("length");
            assertThat(read.roles()).isEqualTo(chat ? 1 : 0);
            assertThat(read.usages()).isEqualTo(usage ? 1 : 0);
            assertThat(read.done()).isTrue();
            assertThat(read.heads()).as("one id and one time of creation").hasSize(1);
            assertThat(read.tokenIds())
                    .isEqualTo(
                            wantsIds
                                    ? IntStream.range(0, tokens)
                                            .mapToObj(position -> ContractWorker.token(body, position))
                                            .toList()
                                    : List.of());
            if (!wantsIds) {
                assertThat(answer.body()).doesNotContain("token_ids");
            }
        }
    }

    @Test
    void aSampledStreamWithoutASeedGoesOnWithTheSameOne() throws IOException {
        ContractWorker dying = new ContractWorker();
        try (FakeWorker first = new FakeWorker(dying).owner("llmserve");
                FakeWorker second = new FakeWorker(new ContractWorker()).owner("llmserve");
                Rig rig = new Rig(OPTIONS, first, second)) {
            dying.failAt(3, DIES);
            String text = ContractWorker.Read.of(stream(rig, 6).body()).text();
            JsonObject asked = new JsonObject(first.received.getFirst().body());
            JsonObject resumed = new JsonObject(second.received.getFirst().body());
            assertThat(asked.getLong("seed")).isEqualTo(resumed.getLong("seed"));
            assertThat(resumed.getJsonArray("resume_token_ids")).hasSize(3);
            assertThat(text).isEqualTo(ContractWorker.text(resumed));
            rig.awaitMetric(1, "llmserve_continued_streams", "elsewhere");
        }
    }

    @Test
    void aHungWorkerIsLeftAfterTheTokenGap() throws IOException {
        ContractWorker hanging = new ContractWorker();
        try (FakeWorker first = new FakeWorker(hanging).owner("llmserve");
                FakeWorker second = new FakeWorker(new ContractWorker()).owner("llmserve");
                Rig rig = new Rig(OPTIONS, first, second)) {
            hanging.failAt(2, HANGS);
            assertThat(ContractWorker.Read.of(stream(rig, 5).body()).finishes()).containsExactly("length");
            Rig.eventually("the hung worker is told", () -> first.abandoned.get() == 1);
            assertThat(rig.metric("llmserve_upstream_failures", "stall")).isEqualTo(1);
        }
    }

    @Test
    void severalChoicesEndInOneClearError() throws IOException {
        ContractWorker dying = new ContractWorker();
        try (FakeWorker first = new FakeWorker(dying).owner("llmserve");
                FakeWorker second = new FakeWorker(new ContractWorker()).owner("llmserve");
                Rig rig = new Rig(OPTIONS, first, second)) {
            dying.failAt(2, DIES);
            String body = "{\"model\":\"m\",\"prompt\":\"x\",\"stream\":true,\"max_tokens\":4,\"n\":2}";
            String answer = rig.client()
                    .send(RawClient.post("/v1/completions", body))
                    .read()
                    .body();
            assertThat(answer).contains("broke off its answer").doesNotContain("[DONE]");
            assertThat(first.received.getFirst().body())
                    .as("not asked for tokens")
                    .isEqualTo(body);
            assertThat(second.received).isEmpty();
        }
    }

    @Test
    void withNobodyLeftTheStreamEndsInOneClearError() throws IOException {
        ContractWorker one = new ContractWorker();
        ContractWorker two = new ContractWorker();
        try (FakeWorker first = new FakeWorker(one).owner("llmserve");
                FakeWorker second = new FakeWorker(two).owner("llmserve");
                Rig rig = new Rig(OPTIONS, first, second)) {
            one.failAt(2, (request, wire) -> {
                second.vanish();
                first.vanish();
                return false;
            });
            String answer = stream(rig, 5).body();
            assertThat(answer)
                    .containsOnlyOnce("\"error\"")
                    .contains("UpstreamError")
                    .doesNotContain("[DONE]");
            rig.awaitMetric(1, "llmserve_continued_streams", "nowhere");
        }
    }

    @Test
    void aStreamDoesNotGoOnForEver() throws IOException {
        FakeWorker.Script oneTokenAndDead = (request, wire) -> {
            wire.beginStream();
            wire.chunk(
                    "data: {\"choices\":[{\"index\":0,\"text\":\"x\",\"finish_reason\":null,\"token_ids\":[1]}]}\n\n");
            return false;
        };
        try (FakeWorker first = new FakeWorker(oneTokenAndDead).owner("llmserve");
                FakeWorker second = new FakeWorker(oneTokenAndDead).owner("llmserve");
                Rig rig = new Rig(OPTIONS, first, second)) {
            String answer = stream(rig, 50).body();
            assertThat(ContractWorker.Read.of(answer.replace("data: {\"error", "data: "))
                            .text())
                    .hasSizeBetween(1, 5);
            assertThat(answer).contains("\"error\"").doesNotContain("[DONE]");
        }
    }

    @Test
    void aWorkerThatTellsNoTokensIsPassedOnUnread() throws IOException {
        try (FakeWorker first = new FakeWorker(FakeWorker.stream(3, 0)).owner("llmserve");
                FakeWorker second = new FakeWorker(FakeWorker.stream(3, 0)).owner("llmserve");
                Rig rig = new Rig(OPTIONS, first, second)) {
            assertThat(stream(rig, 3).body())
                    .isEqualTo("data: {\"i\":0}\n\ndata: {\"i\":1}\n\ndata: {\"i\":2}\n\ndata: [DONE]\n\n");
        }
    }

    @Test
    void clientsMayNotSayWhatWorkersSay() throws IOException {
        try (FakeWorker worker = new FakeWorker(new ContractWorker());
                Rig rig = new Rig(worker)) {
            for (String field : List.of("\"resume_token_ids\":[1]", "\"kv_transfer_params\":{\"remote_host\":\"x\"}")) {
                RawClient.Answer answer = rig.post("{\"model\":\"m\"," + field + "}");
                assertThat(answer.status()).isEqualTo(400);
                assertThat(answer.body()).contains("is set between workers only");
            }
            assertThat(worker.received).isEmpty();
        }
    }

    @Test
    void aSingleWorkerGetsTheBytesAsTheyAre() throws IOException {
        try (FakeWorker worker = new FakeWorker(new ContractWorker()).owner("llmserve");
                Rig rig = new Rig(OPTIONS, List.of(new WorkerSource.Fixed(worker.endpoint(), WorkerRole.BOTH)))) {
            stream(rig, 3);
            assertThat(worker.received.getFirst().body()).isEqualTo(body(3));
        }
    }

    private static RawClient.Answer stream(Rig rig, int tokens) throws IOException {
        return rig.client()
                .send(RawClient.post("/v1/completions", body(tokens)))
                .read();
    }

    private static String body(int tokens) {
        return "{\"model\":\"m\",\"prompt\":\"once\",\"stream\":true,\"max_tokens\":" + tokens + "}";
    }

    private static JsonArray messages(long seed) {
        return new JsonArray().add(new JsonObject().put("role", "user").put("content", "hello " + seed));
    }
}
