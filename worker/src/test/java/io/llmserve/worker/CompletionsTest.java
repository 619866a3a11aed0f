package io.llmserve.worker;

import static io.llmserve.worker.Harness.CHAT;
import static io.llmserve.worker.Harness.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.engine.GenerationRequest;
import io.llmserve.wire.InternalHeaders;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CompletionsTest {
    @RegisterExtension
    final Harness worker = new Harness();

    private static String chat(String more) {
        return "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]" + more + "}";
    }

    @Test
    void answersAChat() {
        worker.engine.says("Hello$");
        HttpResponse<String> response = worker.post(CHAT, chat(""));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type")).contains("application/json");
        JsonNode answer = Harness.json(response);
        assertThat(answer.path("object").textValue()).isEqualTo("chat.completion");
        assertThat(answer.at("/choices/0/message/content").textValue()).isEqualTo("Hello");
        assertThat(answer.at("/choices/0/message/role").textValue()).isEqualTo("assistant");
        assertThat(answer.at("/choices/0/finish_reason").textValue()).isEqualTo("stop");
        assertThat(answer.at("/choices/0/stop_reason").isNull()).isTrue();
        assertThat(answer.at("/usage/prompt_tokens").intValue()).isEqualTo("user:Hi\nassistant:".length());
        assertThat(answer.at("/usage/completion_tokens").intValue()).isEqualTo(6);
        assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens").intValue())
                .isEqualTo(2);
        assertThat(answer.path("system_fingerprint").textValue()).isEqualTo("llmserve-0.1.0-01234567");
    }

    @Test
    void streamsAChatTokenByTokenAndUsageWhereAskedFor() {
        worker.engine.says("abc$");
        HttpResponse<String> response =
                worker.post(CHAT, chat(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
        assertThat(response.headers().firstValue("content-type")).contains("text/event-stream; charset=utf-8");
        List<JsonNode> chunks = Harness.chunks(response);
        assertThat(chunks.getFirst().at("/choices/0/delta/role").textValue()).isEqualTo("assistant");
        assertThat(text(chunks, "/choices/0/delta/content")).isEqualTo("abc");
        assertThat(chunks.get(chunks.size() - 2).at("/choices/0/finish_reason").textValue())
                .isEqualTo("stop");
        assertThat(chunks.getLast().path("choices").size()).isZero();
        assertThat(chunks.getLast().at("/usage/completion_tokens").intValue()).isEqualTo(4);
    }

    @Test
    void streamsContinuousUsage() {
        worker.engine.says("ab");
        List<JsonNode> chunks = Harness.chunks(worker.post(
                TEXT,
                "{\"prompt\":\"xyz\",\"max_tokens\":2,\"stream\":true,"
                        + "\"stream_options\":{\"continuous_usage_stats\":true}}"));
        assertThat(chunks.getLast().at("/usage/completion_tokens").intValue()).isEqualTo(2);
        assertThat(chunks.getLast().at("/usage/prompt_tokens").intValue()).isEqualTo(3);
    }

    @Test
    void interleavesSeveralChoicesByIndex() {
        worker.engine.script(request -> FakeLanguage.ids(request.sampling().seed() % 2 == 0 ? "even$" : "odd$"));
        JsonNode whole = Harness.json(worker.post(CHAT, chat(",\"n\":3,\"seed\":4")));
        assertThat(whole.path("choices")).hasSize(3);
        assertThat(whole.at("/choices/0/message/content").textValue()).isEqualTo("even");
        assertThat(whole.at("/choices/1/message/content").textValue()).isEqualTo("odd");
        assertThat(whole.at("/choices/2/index").intValue()).isEqualTo(2);
        assertThat(whole.at("/usage/prompt_tokens").intValue()).isEqualTo("user:Hi\nassistant:".length());
        assertThat(whole.at("/usage/completion_tokens").intValue()).isEqualTo(5 + 4 + 5);

        List<JsonNode> chunks = Harness.chunks(worker.post(CHAT, chat(",\"n\":2,\"seed\":4,\"stream\":true")));
        assertThat(textOf(chunks, 0)).isEqualTo("even");
        assertThat(textOf(chunks, 1)).isEqualTo("odd");
    }

    @Test
    void endsAtAStopStringThatSpansTokensAndStopsTheEngine() {
        worker.engine.says("one STOP two ");
        JsonNode whole = Harness.json(worker.post(CHAT, chat(",\"stop\":[\"never\",\"STOP\"]")));
        assertThat(whole.at("/choices/0/message/content").textValue()).isEqualTo("one ");
        assertThat(whole.at("/choices/0/stop_reason").textValue()).isEqualTo("STOP");
        assertThat(whole.at("/choices/0/finish_reason").textValue()).isEqualTo("stop");
        assertThat(whole.at("/usage/completion_tokens").intValue()).isEqualTo(8);
        List<JsonNode> chunks = Harness.chunks(
                worker.post(CHAT, chat(",\"stream\":true,\"stop\":\"STOP\",\"include_stop_str_in_output\":true")));
        assertThat(text(chunks, "/choices/0/delta/content")).isEqualTo("one STOP");
    }

    @Test
    void looksForStopStringsOnlyAfterMinTokens() {
        worker.engine.says("ababab");
        JsonNode answer =
                Harness.json(worker.post(TEXT, "{\"prompt\":\"x\",\"stop\":\"b\",\"min_tokens\":3,\"max_tokens\":10}"));
        assertThat(answer.at("/choices/0/text").textValue()).isEqualTo("aba");
    }

    @Test
    void heldBackTextIsGivenWhenTheAnswerEnds() {
        worker.engine.says("a ST$");
        assertThat(Harness.json(worker.post(CHAT, chat(",\"stop\":\"STOP\"")))
                        .at("/choices/0/message/content")
                        .textValue())
                .isEqualTo("a ST");
    }

    @Test
    void tellsWhichStopTokenEndedIt() {
        worker.engine.says("abc");
        JsonNode answer =
                Harness.json(worker.post(TEXT, "{\"prompt\":\"x\",\"stop_token_ids\":[99],\"max_tokens\":10}"));
        assertThat(answer.at("/choices/0/text").textValue()).isEqualTo("ab");
        assertThat(answer.at("/choices/0/stop_reason").intValue()).isEqualTo(99);
    }

    @Test
    void goesOnPastTheEndWhereToldToIgnoreIt() {
        worker.engine.says("a$b");
        JsonNode answer = Harness.json(worker.post(
                TEXT, "{\"prompt\":\"x\",\"ignore_eos\":true,\"skip_special_tokens\":false,\"max_tokens\":3}"));
        assertThat(answer.at("/choices/0/text").textValue()).isEqualTo("a<eos>b");
        assertThat(answer.at("/choices/0/finish_reason").textValue()).isEqualTo("length");
    }

    @Test
    void continuesManyPromptsAndEchoesThem() {
        JsonNode answer = Harness.json(worker.post(
                TEXT,
                "{\"prompt\":[\"ab\",\"cde\"],\"n\":2,\"echo\":true,\"max_tokens\":1,\"return_token_ids\":true}"));
        assertThat(answer.path("choices")).hasSize(4);
        assertThat(answer.at("/choices/1/text").textValue()).isEqualTo("abH");
        assertThat(answer.at("/choices/2/text").textValue()).isEqualTo("cdeH");
        assertThat(answer.at("/choices/2/prompt_token_ids").toString()).isEqualTo("[99,100,101]");
        assertThat(answer.at("/choices/2/token_ids").toString()).isEqualTo("[72]");
        assertThat(answer.at("/usage/prompt_tokens").intValue()).isEqualTo(5);
        assertThat(answer.at("/usage/completion_tokens").intValue()).isEqualTo(4);
    }

    @Test
    void scoresAnEchoedPromptFromItsSecondTokenOn() {
        worker.engine.says("z");
        JsonNode logprobs = Harness.json(
                        worker.post(TEXT, "{\"prompt\":\"aé\",\"echo\":true,\"logprobs\":2,\"max_tokens\":1}"))
                .at("/choices/0/logprobs");
        assertThat(logprobs.path("tokens").toString()).isEqualTo("[\"a\",\"?\",\"z\"]");
        assertThat(logprobs.path("token_logprobs").toString()).isEqualTo("[null,-0.25,-0.25]");
        assertThat(logprobs.path("text_offset").toString()).isEqualTo("[0,1,2]");
        assertThat(logprobs.path("top_logprobs").toString())
                .isEqualTo("[null,{\"?\":-0.25,\"b\":-1.25},{\"z\":-0.25,\"b\":-1.25}]");
    }

    @Test
    void scoresPromptsWithoutContinuingThem() {
        JsonNode answer = Harness.json(
                worker.post(TEXT, "{\"prompt\":[\"ab\",\"c\"],\"echo\":true,\"logprobs\":0,\"max_tokens\":0}"));
        assertThat(answer.at("/choices/0/text").textValue()).isEqualTo("ab");
        assertThat(answer.at("/choices/0/finish_reason").textValue()).isEqualTo("length");
        assertThat(answer.at("/choices/0/logprobs/top_logprobs").toString()).isEqualTo("[null,{\"b\":-0.25}]");
        assertThat(answer.at("/choices/1/logprobs/token_logprobs").toString()).isEqualTo("[null]");
        assertThat(answer.at("/usage/completion_tokens").intValue()).isZero();
        assertThat(answer.at("/usage/prompt_tokens").intValue()).isEqualTo(3);
    }

    @Test
    void streamsAScoredEchoInOnePart() {
        worker.engine.says("xy");
        List<JsonNode> chunks = Harness.chunks(worker.post(
                TEXT, "{\"prompt\":\"abc\",\"echo\":true,\"logprobs\":1,\"max_tokens\":2,\"n\":2,\"stream\":true}"));
        for (int choice = 0; choice < 2; choice++) {
            int index = choice;
            List<JsonNode> own = chunks.stream()
                    .map(chunk -> chunk.at("/choices/0"))
                    .filter(part -> part.path("index").intValue() == index)
                    .toList();
            assertThat(own.getFirst().path("text").textValue()).startsWith("abc");
            assertThat(own.stream()
                            .flatMap(part -> part.at("/logprobs/text_offset").valueStream())
                            .map(JsonNode::intValue))
                    .containsExactly(0, 1, 2, 3, 4);
        }
    }

    @Test
    void endsEachStreamedChoiceOnce() {
        worker.engine.script(request -> FakeLanguage.ids(request.sampling().seed() == 4 ? "a$" : "longer$"));
        List<JsonNode> chunks = Harness.chunks(worker.post(CHAT, chat(",\"n\":2,\"seed\":4,\"stream\":true")));
        assertThat(chunks.stream().map(chunk -> chunk.at("/choices/0")))
                .filteredOn(part -> part.path("finish_reason").isTextual())
                .extracting(part -> part.path("index").intValue())
                .containsExactly(0, 1);
    }

    @Test
    void takesTokenIdsAsPromptAndReturnsThem() {
        List<JsonNode> chunks = Harness.chunks(
                worker.post(TEXT, "{\"prompt\":[104,105],\"max_tokens\":2,\"stream\":true,\"return_token_ids\":true}"));
        assertThat(worker.engine.submitted().getFirst().prompt()).containsExactly(104, 105);
        assertThat(chunks.getFirst().path("prompt_token_ids").toString()).isEqualTo("[104,105]");
        assertThat(chunks.getFirst().at("/choices/0/token_ids/0").intValue()).isEqualTo('H');
    }

    @Test
    void continuesSixteenTokensUnlessToldOtherwise() {
        JsonNode answer = Harness.json(worker.post(TEXT, "{\"prompt\":\"x\"}"));
        assertThat(answer.at("/usage/completion_tokens").intValue()).isEqualTo(16);
        String almostFull = "x".repeat(Harness.CONTEXT - 5);
        assertThat(Harness.json(worker.post(TEXT, "{\"prompt\":\"" + almostFull + "\"}"))
                        .at("/usage/completion_tokens")
                        .intValue())
                .isEqualTo(5);
    }

    @Test
    void reportsLogprobsInBothShapes() {
        worker.engine.says("hi");
        JsonNode chat = Harness.json(
                worker.post(CHAT, chat(",\"logprobs\":true,\"top_logprobs\":2,\"max_completion_tokens\":2")));
        assertThat(chat.at("/choices/0/logprobs/content/1/token").textValue()).isEqualTo("i");
        assertThat(chat.at("/choices/0/logprobs/content/1/top_logprobs/1/logprob")
                        .doubleValue())
                .isEqualTo(-1.25);
        JsonNode text = Harness.json(worker.post(TEXT, "{\"prompt\":\"x\",\"logprobs\":1,\"max_tokens\":2}"));
        assertThat(text.at("/choices/0/logprobs/tokens").toString()).isEqualTo("[\"h\",\"i\"]");
        assertThat(text.at("/choices/0/logprobs/text_offset").toString()).isEqualTo("[0,1]");
        List<JsonNode> chunks =
                Harness.chunks(worker.post(TEXT, "{\"prompt\":\"x\",\"logprobs\":1,\"max_tokens\":2,\"stream\":true}"));
        assertThat(chunks.getLast().at("/choices/0/logprobs/tokens").toString()).contains("\"i\"");
    }

    @Test
    void handsSamplingSaltAndPriorityToTheEngine() {
        worker.post(
                TEXT,
                "{\"prompt\":\"x\",\"seed\":11,\"temperature\":0.5,\"priority\":-3,\"cache_salt\":\"s\",\"n\":2,"
                        + "\"max_tokens\":1,\"request_id\":\"mine\"}");
        GenerationRequest second = worker.engine.submitted().get(1);
        assertThat(second.sampling().seed()).isEqualTo(12);
        assertThat(second.sampling().truncation().temperature()).isEqualTo(0.5f);
        assertThat(second.priority()).isEqualTo(-3);
        assertThat(second.cacheSalt()).isEqualTo("s");
        assertThat(second.id()).startsWith("cmpl-mine-").endsWith("-1");
    }

    @Test
    void drawsASeedWhereNoneIsGiven() {
        worker.post(TEXT, "{\"prompt\":\"x\",\"max_tokens\":1}");
        worker.post(TEXT, "{\"prompt\":\"x\",\"max_tokens\":1}");
        List<GenerationRequest> submitted = worker.engine.submitted();
        assertThat(submitted.get(0).sampling().seed())
                .isNotEqualTo(submitted.get(1).sampling().seed());
    }

    @Test
    void believesTheGatewaysHeadersOnlyBehindAGateway() {
        String body = "{\"prompt\":\"x\",\"max_tokens\":1}";
        try (Harness behind = new Harness(Harness.options().with(WorkerOptions.Trust.GATEWAY))) {
            assertThat(askedAs("gw-1", behind, body)).isEqualTo("gw-1");
            assertThat(askedAs("gw-2", worker, body)).isNotEqualTo("gw-2");
        }
    }

    private static String askedAs(String id, Harness harness, String body) {
        HttpResponse<String> response = harness.send(harness.request(TEXT)
                .header("content-type", "application/json")
                .header(InternalHeaders.REQUEST_ID, id)
                .POST(Harness.body(body)));
        return response.headers().firstValue("x-request-id").orElseThrow();
    }

    private static String text(List<JsonNode> chunks, String pointer) {
        StringBuilder text = new StringBuilder();
        chunks.forEach(chunk -> text.append(chunk.at(pointer).asText("")));
        return text.toString();
    }

    private static String textOf(List<JsonNode> chunks, int index) {
        return text(
                chunks.stream()
                        .filter(chunk -> chunk.at("/choices/0/index").intValue() == index)
                        .toList(),
                "/choices/0/delta/content");
    }
}
