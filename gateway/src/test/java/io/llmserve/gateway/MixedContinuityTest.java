package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A stream whose worker dies goes on at a vLLM, or at any of a mixed fleet: it is told tokens, and may have to
/// generate
/// again those whose text the client lacks.
final class MixedContinuityTest {
    private static final FakeWorker.Script DIES = (request, wire) -> false;
    private static final FakeWorker.Script DIES_IN_AN_EVENT = (request, wire) -> {
        wire.chunk("data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"text\":\"half");
        return false;
    };
    private static final List<String> PATHS =
            List.of("/v1/chat/completions", "/v1/completions", "/inference/v1/generate");
    private static final int NEVER = Integer.MAX_VALUE;

    @ParameterizedTest
    @Seeds(120)
    void theClientReadsWhatItWouldHaveReadWithoutTheFault(long seed) throws IOException {
        Random random = new Random(seed);
        String path = PATHS.get(random.nextInt(3));
        JsonObject body = body(path, random);
        List<TokenModel.Step> expected =
                new TokenModel(TokenWorker.prompt(path, body), TokenWorker.sampling(path, body)).run();
        List<FakeWorker> workers = new ArrayList<>();
        for (int worker = 0; worker < 3; worker++) {
            // While the client has seen nothing, a request is retried once only.
            int end = worker == 2 ? NEVER : 8 * worker + random.nextInt(expected.size() + 3);
            FakeWorker.Script fault = random.nextBoolean() ? DIES : DIES_IN_AN_EVENT;
            workers.add(TokenWorker.worker(new TokenWorker(random.nextInt(3) == 0, new Random(seed), end, fault)));
        }
        try (Rig rig = new Rig(ContinuityTest.OPTIONS, workers.toArray(FakeWorker[]::new))) {
            RawClient.Answer answer =
                    rig.client().send(RawClient.post(path, body.encode())).read();
            assertRead(answer.body(), path, body, expected);
        } finally {
            for (FakeWorker worker : workers) {
                worker.close();
            }
        }
    }

    private static void assertRead(String answer, String path, JsonObject body, List<TokenModel.Step> expected) {
        ContractWorker.Read read = ContractWorker.Read.of(answer);
        boolean tokens = path.equals(PATHS.get(2));
        assertThat(read.done()).as(answer).isTrue();
        assertThat(read.text()).isEqualTo(tokens ? "" : expected.getLast().text());
        assertThat(read.finishes()).containsExactly(expected.getLast().finish().orElseThrow());
        boolean wantsIds = tokens || body.getBoolean("return_token_ids", false);
        List<Integer> ids = expected.stream().map(TokenModel.Step::token).toList();
        assertThat(read.tokenIds()).isEqualTo(wantsIds ? ids : List.of());
        assertThat(read.heads()).as("one id and one time of creation").hasSize(1);
        assertThat(read.roles()).isEqualTo(path.equals(PATHS.getFirst()) ? 1 : 0);
        List<JsonObject> usages = chunks(answer).stream()
                .map(chunk -> chunk.getJsonObject("usage"))
                .filter(usage -> usage != null)
                .toList();
        if (body.containsKey("stream_options")) {
            int prompt = TokenWorker.prompt(path, body).size();
            assertThat(usages)
                    .containsExactly(new JsonObject()
                            .put("prompt_tokens", prompt)
                            .put("total_tokens", prompt + ids.size())
                            .put("completion_tokens", ids.size()));
        } else {
            assertThat(usages).isEmpty();
        }
        if (!tokens) {
            String object = path.equals(PATHS.getFirst()) ? "chat.completion.chunk" : "text_completion";
            assertThat(chunks(answer))
                    .allMatch(chunk -> chunk.getString("object").equals(object));
            assertThat(answer.contains("token_ids")).isEqualTo(wantsIds);
        }
    }

    @Test
    void vllmIsToldTheTokensOfPromptAndAnswer() throws IOException {
        try (FakeWorker first = TokenWorker.worker(new TokenWorker(false, fixed(), 5, DIES));
                FakeWorker second = TokenWorker.worker(new TokenWorker(false, fixed(), NEVER, DIES));
                Rig rig = new Rig(ContinuityTest.OPTIONS, first, second)) {
            String body =
                    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"tools\":[],\"temperature\":0,"
                            + "\"max_completion_tokens\":9,\"stream\":true,\"top_p\":0.5}";
            RawClient.Answer answer =
                    rig.client().send(RawClient.post(Rig.CHAT, body)).read();
            List<TokenModel.Step> steps = new TokenModel(
                            TokenWorker.prompt(Rig.CHAT, new JsonObject(body)),
                            new JsonObject(body).put("max_tokens", 9))
                    .run();
            assertThat(ContractWorker.Read.of(answer.body()).text())
                    .isEqualTo(steps.getLast().text());
            FakeWorker.Received followed = (first.received.size() > 1 ? first : second).received.getLast();
            assertThat(followed.uri()).isEqualTo("/v1/completions");
            JsonObject asked = new JsonObject(followed.body());
            assertThat(asked.getJsonArray("prompt").size())
                    .isBetween(
                            TokenWorker.prompt(Rig.CHAT, new JsonObject(body)).size(),
                            TokenWorker.prompt(Rig.CHAT, new JsonObject(body)).size() + 4);
            assertThat(asked.getInteger("max_tokens")).isBetween(5, 9);
            assertThat(asked.getDouble("top_p")).isEqualTo(0.5);
            assertThat(asked.fieldNames()).doesNotContain("messages", "max_completion_tokens", "tools", "seed");
            rig.awaitMetric(1, "llmserve_continued_streams", "elsewhere");
        }
    }

    /// What depends on more than the tokens so far, or would come out another way, is not put together wrongly.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"temperature\":0,\"logprobs\":1",
                "\"temperature\":0,\"presence_penalty\":0.5",
                "\"temperature\":0,\"structured_outputs\":{\"regex\":\"a*\"}",
                "\"temperature\":0.5,\"stop\":[\"never at all\"]"
            })
    void whatCannotGoOnEndsInOneClearError(String fields) throws IOException {
        try (FakeWorker first = TokenWorker.worker(new TokenWorker(false, fixed(), 25, DIES));
                FakeWorker second = TokenWorker.worker(new TokenWorker(false, fixed(), 25, DIES));
                Rig rig = new Rig(ContinuityTest.OPTIONS, first, second)) {
            String body = "{\"model\":\"m\",\"prompt\":\"x\",\"stream\":true,\"max_tokens\":60,\"min_tokens\":60,"
                    + fields + "}";
            String answer = rig.client()
                    .send(RawClient.post("/v1/completions", body))
                    .read()
                    .body();
            assertThat(answer).containsOnlyOnce("\"error\"").doesNotContain("[DONE]");
            assertThat(first.received.size() + second.received.size()).isEqualTo(1);
            rig.awaitMetric(1, "llmserve_continued_streams", "nowhere");
        }
    }

    @Test
    void aSampledStreamGoesOnWhereTheClientHasAllItsText() throws IOException {
        try (FakeWorker first = TokenWorker.worker(new TokenWorker(false, fixed(), 7, DIES));
                FakeWorker second = TokenWorker.worker(new TokenWorker(false, fixed(), NEVER, DIES));
                Rig rig = new Rig(ContinuityTest.OPTIONS, first, second)) {
            int whole = 0;
            for (int request = 0; request < 8; request++) {
                String body = "{\"model\":\"m\",\"prompt\":\"" + request
                        + "\",\"stream\":true,\"max_tokens\":20,\"min_tokens\":20,\"return_token_ids\":true}";
                String answer = rig.client()
                        .send(RawClient.post("/v1/completions", body))
                        .read()
                        .body();
                ContractWorker.Read read = ContractWorker.Read.of(answer);
                if (read.done()) {
                    whole++;
                    assertThat(read.tokenIds()).hasSize(20);
                    assertThat(read.finishes()).containsExactly("length");
                }
            }
            assertThat(whole).isGreaterThanOrEqualTo(7);
        }
    }

    @Test
    void anEngineThatGeneratesOtherTokensIsNotMixedIn() throws IOException {
        TokenWorker stray = new TokenWorker(false, fixed(), NEVER, DIES);
        stray.goAstray();
        try (FakeWorker first = TokenWorker.worker(new TokenWorker(false, fixed(), NEVER, DIES));
                FakeWorker second = TokenWorker.worker(stray)) {
            try (Rig rig = new Rig(ContinuityTest.OPTIONS, first, second)) {
                first.script(new TokenWorker(false, fixed(), 25, (request, wire) -> {
                    first.vanish();
                    return false;
                }));
                JsonObject body = new JsonObject()
                        .put("model", "m")
                        .put("prompt", "abc")
                        .put("stream", true)
                        .put("temperature", 0)
                        .put("min_tokens", 60)
                        .put("max_tokens", 60)
                        .put("stop", new JsonArray().add("no such string"));
                String right = new TokenModel(TokenModel.encode("abc"), body)
                        .run()
                        .getLast()
                        .text();
                for (int request = 0; request < 2; request++) {
                    String answer = rig.client()
                            .send(RawClient.post("/v1/completions", body.encode()))
                            .read()
                            .body();
                    if (!second.received.isEmpty() && !first.received.isEmpty() && answer.contains("\"error\"")) {
                        String text = chunks(answer).stream()
                                .flatMap(chunk -> chunk.getJsonArray("choices", new JsonArray()).stream())
                                .map(choice -> ((JsonObject) choice).getString("text"))
                                .collect(Collectors.joining());
                        assertThat(right).startsWith(text);
                        return;
                    }
                }
                throw new AssertionError("no stream went from the first worker to the second");
            }
        }
    }

    private static JsonObject body(String path, Random random) {
        JsonObject sampling = new JsonObject().put("temperature", 0).put("max_tokens", 1 + random.nextInt(30));
        boolean tokens = path.equals(PATHS.get(2));
        if (!tokens && random.nextBoolean()) {
            sampling.put(
                    "stop",
                    new JsonArray(List.of(List.of("ba", "abcab", "dd"), List.of("c\uD83D\uDE00"), List.of("abab"))
                            .get(random.nextInt(3))));
            sampling.put("include_stop_str_in_output", random.nextInt(3) == 0);
        }
        if (random.nextInt(3) == 0) {
            sampling.put("min_tokens", random.nextInt(sampling.getInteger("max_tokens")));
        }
        JsonObject body = new JsonObject().put("model", "m").put("stream", true);
        String text = "prompt " + random.nextInt();
        Optional<JsonArray> ids =
                random.nextBoolean() || tokens ? Optional.of(new JsonArray(TokenModel.encode(text))) : Optional.empty();
        switch (PATHS.indexOf(path)) {
            case 0 ->
                body.put(
                        "messages",
                        new JsonArray().add(new JsonObject().put("role", "user").put("content", text)));
            case 1 -> body.put("prompt", ids.<Object>map(each -> each).orElse(text));
            default -> body.put("token_ids", ids.orElseThrow());
        }
        if (random.nextBoolean()) {
            body.put("stream_options", new JsonObject().put("include_usage", true));
        }
        if (!tokens && random.nextBoolean()) {
            body.put("return_token_ids", true);
        }
        return tokens ? body.put("sampling_params", sampling) : body.mergeIn(sampling);
    }

    private static Random fixed() {
        return new Random(1);
    }

    private static List<JsonObject> chunks(String answer) {
        return answer.lines()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> new JsonObject(line.substring(6)))
                .toList();
    }
}
