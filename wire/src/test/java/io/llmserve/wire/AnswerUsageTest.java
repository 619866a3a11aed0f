package io.llmserve.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerUsageTest {
    @Test
    void readsTheUsageAtTheEnd() {
        assertThat(tokens("""
                {"id":"x","choices":[{"message":{"content":"hello"}}],"usage":{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":2},"total_tokens":12,"completion_tokens":7},"kv_transfer_params":null}""")).hasValue(7);
    }

    @Test
    void readsItFromTheTailOfABody() {
        assertThat(tokens("ello\"}}],\"usage\":{\"completion_tokens\":3}}")).hasValue(3);
    }

    @Test
    void isNotFooledByTheTextOfTheAnswer() {
        assertThat(tokens("{\"choices\":[{\"text\":\"\\\"usage\\\":{\\\"completion_tokens\\\":1}\"}]}"))
                .isEmpty();
        assertThat(
                        tokens(
                                "{\"usage\":{\"completion_tokens\":9},\"text\":\"\\\"usage\\\":{\\\"completion_tokens\\\":1}\"}"))
                .hasValue(9);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "\"usage\":",
                "\"usage\":null",
                "\"usage\":{\"completion_tokens\":\"7\"}",
                "\"usage\":{\"completion_tokens\":99999999999999999999}",
                "\"usage\":{\"total_tokens\":3",
                "\"usage\":[7]"
            })
    void saysNothingWhereThereIsNone(String tail) {
        assertThat(tokens(tail)).isEmpty();
    }

    private static OptionalLong tokens(String tail) {
        return AnswerUsage.completionTokens(tail.getBytes(StandardCharsets.UTF_8));
    }
}
