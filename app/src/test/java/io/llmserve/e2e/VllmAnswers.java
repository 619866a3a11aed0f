package io.llmserve.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Json;
import java.util.List;

/// What holds of every answer of a vLLM behind the gateway.
final class VllmAnswers {
    private static final int TOKENS = 24;

    private VllmAnswers() {}

    /// Asked as a whole and as a stream: text, tokens and counts are those of the worker when it is asked by itself.
    static void areThoseOfVllmAlone(VllmServer server, String role, String path, String prompt) throws Exception {
        String body = server.body(path, prompt, TOKENS);
        Json ours = server.ask(path, body);
        Json alone = server.askAlone(role, path, body);
        assertThat(ids(ours)).hasSize(TOKENS).isEqualTo(ids(alone));
        assertThat(text(ours)).isEqualTo(text(alone));
        assertThat(counts(ours)).isEqualTo(counts(alone));

        StreamedAnswer streamed = server.stream(path, body, TOKENS, () -> {});
        isWhole(streamed, TOKENS);
        assertThat(streamed.ids()).isEqualTo(ids(ours));
        assertThat(streamed.text()).isEqualTo(text(ours));
        assertThat(streamed.usages()).containsExactly(counts(ours));
    }

    /// It has every token, one end and one usage.
    static void isWhole(StreamedAnswer answer, int tokens) {
        assertThat(answer.ids()).hasSize(tokens);
        assertThat(answer.finishes()).containsExactly("length");
        assertThat(answer.usages()).hasSize(1);
        assertThat(answer.others()).containsExactly("[DONE]");
    }

    private static List<Integer> ids(Json answer) {
        return answer.at("/choices/0/token_ids").items().stream()
                .map(Json::number)
                .toList();
    }

    /// Empty where tokens are answered.
    private static String text(Json answer) {
        return answer.find("/choices/0/text")
                .or(() -> answer.find("/choices/0/message/content"))
                .map(Json::text)
                .orElse("");
    }

    private static String counts(Json answer) {
        return answer.at("/usage/prompt_tokens") + " + " + answer.at("/usage/completion_tokens");
    }
}
