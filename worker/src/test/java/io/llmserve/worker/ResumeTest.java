package io.llmserve.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.engine.GenerationRequest;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A stream that another worker began goes on here: only what follows is sent, all of it is counted.
class ResumeTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String TEXT = "/v1/completions";
    private static final String USAGE = ",\"stream\":true,\"stream_options\":{\"include_usage\":true}";
    private final Harness worker = new Harness();

    @AfterEach
    void close() {
        worker.assertNothingLeft();
        worker.close();
    }

    @Test
    void sendsOnlyWhatFollows() {
        worker.engine.says("abcdef$");
        List<JsonNode> chunks = stream(CHAT, "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]", "abc", "");

        assertThat(chunks.getFirst().at("/choices/0/delta/role").isMissingNode())
                .isTrue();
        assertThat(text(chunks, "/choices/0/delta/content")).isEqualTo("def");
        assertThat(chunks.getLast().at("/usage/completion_tokens").intValue()).isEqualTo(7);
        GenerationRequest request = worker.engine.submitted().getFirst();
        assertThat(request.resumed()).containsExactly(FakeLanguage.ids("abc"));
        assertThat(new String(request.prompt(), 0, request.prompt().length)).isEqualTo("user:Hi\nassistant:");
    }

    @Test
    void findsAStopStringThatBeganElsewhere() {
        worker.engine.says("abcdef");
        List<JsonNode> chunks = stream(TEXT, "\"prompt\":\"x\"", "abc", ",\"stop\":\"cd\"");

        assertThat(text(chunks, "/choices/0/text")).isEmpty();
        assertThat(chunks.get(chunks.size() - 2).at("/choices/0/stop_reason").textValue())
                .isEqualTo("cd");
        assertThat(chunks.getLast().at("/usage/completion_tokens").intValue()).isEqualTo(4);
    }

    @Test
    void endsAtOnceWhereTheStopStringIsComplete() {
        List<JsonNode> chunks = stream(TEXT, "\"prompt\":\"x\"", "abcd", ",\"stop\":\"cd\"");

        assertThat(worker.engine.submitted()).isEmpty();
        assertThat(chunks.getFirst().at("/choices/0/finish_reason").textValue()).isEqualTo("stop");
        assertThat(chunks.getLast().at("/usage/prompt_tokens").intValue()).isEqualTo(1);
        assertThat(chunks.getLast().at("/usage/completion_tokens").intValue()).isEqualTo(4);
    }

    @Test
    void goesOnWithTextOffsetsAndTokenIds() {
        worker.engine.says("abcdef");
        List<JsonNode> chunks =
                stream(TEXT, "\"prompt\":\"xy\"", "abc", ",\"logprobs\":0,\"return_token_ids\":true,\"echo\":false");

        assertThat(chunks.getFirst().at("/choices/0/logprobs/text_offset/0").intValue())
                .isEqualTo(3);
        assertThat(chunks.getFirst().at("/choices/0/token_ids/0").intValue()).isEqualTo('d');
        assertThat(chunks.getFirst().path("prompt_token_ids").isMissingNode()).isTrue();
    }

    @Test
    void countsTheTokensThatWereSentTowardsTheLimit() {
        worker.engine.says("abcdefghijk");
        List<JsonNode> chunks = stream(TEXT, "\"prompt\":\"x\"", "abc", ",\"max_tokens\":5");

        assertThat(text(chunks, "/choices/0/text")).isEqualTo("de");
        assertThat(stream(TEXT, "\"prompt\":\"x\"", "abcde", ",\"max_tokens\":5")
                        .getFirst()
                        .at("/choices/0/finish_reason")
                        .textValue())
                .isEqualTo("length");
    }

    @Test
    void generatesTokensFromTokens() {
        worker.engine.says("abcd$");
        JsonNode whole = Harness.json(
                worker.post(
                        "/inference/v1/generate",
                        "{\"token_ids\":[104,105],\"sampling_params\":{\"max_tokens\":3,\"temperature\":0},\"cache_salt\":\"s\"}"));
        assertThat(whole.path("request_id").textValue()).startsWith("generate-tokens-");
        assertThat(whole.path("output_mode").textValue()).isEqualTo("tokens");
        assertThat(whole.at("/choices/0/token_ids").toString()).isEqualTo("[97,98,99]");
        assertThat(whole.at("/choices/0/finish_reason").textValue()).isEqualTo("length");
        assertThat(whole.at("/usage/prompt_tokens").intValue()).isEqualTo(2);
        assertThat(worker.engine.submitted().getFirst().cacheSalt()).isEqualTo("s");

        List<JsonNode> chunks = Harness.chunks(
                worker.post("/inference/v1/generate", "{\"token_ids\":[104],\"stream\":true,\"sampling_params\":{}}"));
        assertThat(chunks.stream()
                        .map(chunk -> chunk.at("/choices/0/token_ids").toString())
                        .collect(Collectors.joining()))
                .contains("97")
                .contains("128");
        assertThat(chunks.getLast().at("/choices/0/finish_reason").textValue()).isEqualTo("stop");
        assertThat(chunks.getLast().path("output_mode").textValue()).isEqualTo("tokens");
    }

    private List<JsonNode> stream(String path, String prompt, String sent, String more) {
        return Harness.chunks(worker.post(
                path,
                "{%s,\"resume_token_ids\":%s%s%s}"
                        .formatted(prompt, Arrays.toString(FakeLanguage.ids(sent)), USAGE, more)));
    }

    private static String text(List<JsonNode> chunks, String pointer) {
        return chunks.stream().map(chunk -> chunk.at(pointer).asText("")).collect(Collectors.joining());
    }
}
