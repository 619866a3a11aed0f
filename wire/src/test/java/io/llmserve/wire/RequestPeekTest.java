package io.llmserve.wire;

import static io.llmserve.wire.Bodies.refusal;
import static io.llmserve.wire.Bodies.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.wire.RequestPeek.Named;
import org.junit.jupiter.api.Test;

class RequestPeekTest {
    @Test
    void findsWhatARouterNeedsAmongOtherFields() {
        RequestPeek peek = RequestPeek.of(
                utf8(
                        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"model\":\"inner\"}]}],\"model\":\"smollm2\","
                                + "\"stream\":true,\"stream_options\":{\"include_usage\":true,\"x\":[1]},\"max_tokens\":7,\"n\":2}"));
        assertThat(peek.model()).contains("smollm2");
        assertThat(peek.stream()).isTrue();
        assertThat(peek.includeUsage()).isTrue();
        assertThat(peek.maxTokens()).hasValue(7);
        assertThat(peek.choices()).isEqualTo(2);
    }

    @Test
    void prefersMaxCompletionTokens() {
        assertThat(RequestPeek.of(utf8("{\"max_completion_tokens\":3,\"max_tokens\":9}"))
                        .maxTokens())
                .hasValue(3);
    }

    @Test
    void seesThatAPromptMayOnlyBeToBeScored() {
        RequestPeek peek = RequestPeek.of(utf8("{\"prompt\":\"x\",\"echo\":true,\"max_tokens\":0}"));
        assertThat(peek.echo()).isTrue();
        assertThat(peek.maxTokens()).hasValue(0);
        assertThat(RequestPeek.of(utf8("{\"echo\":null}")).echo()).isFalse();
    }

    @Test
    void takesNullForAbsent() {
        RequestPeek peek = RequestPeek.of(utf8("{\"model\":null,\"stream\":null,\"stream_options\":null,\"n\":null}"));
        assertThat(peek.model()).isEmpty();
        assertThat(peek.stream()).isFalse();
        assertThat(peek.maxTokens()).isEmpty();
        assertThat(peek.choices()).isEqualTo(1);
    }

    @Test
    void looksIntoTheSamplingParametersOfARequestForTokens() {
        byte[] body = utf8("{\"token_ids\":[1],\"stream\":true,\"seed\":7,\"cache_salt\":\"s\","
                + "\"sampling_params\":{\"n\":2,\"max_tokens\":7,\"seed\":null}}");
        RequestPeek peek = RequestPeek.ofTokens(body);
        assertThat(peek.choices()).isEqualTo(2);
        assertThat(peek.maxTokens()).hasValue(7);
        assertThat(peek.seed()).isEqualTo(Named.EMPTY);
        assertThat(peek.cacheSalt()).isEqualTo(Named.GIVEN);
        assertThat(peek.tokenIds()).as("it is answered with nothing else").isEqualTo(Named.GIVEN);
        assertThat(RequestPeek.of(body).choices()).isEqualTo(1);
        assertThat(refusal(() -> RequestPeek.ofTokens(utf8("{\"sampling_params\":3}")))
                        .parameter())
                .isEqualTo("sampling_params");
    }

    @Test
    void refusesAModelGivenTwice() {
        assertThat(refusal(() -> RequestPeek.of(utf8("{\"model\":\"a\",\"x\":1,\"model\":\"b\"}"))))
                .hasMessageContaining("Duplicate field 'model'");
    }

    @Test
    void refusesWhatIsNotAnObject() {
        assertThat(refusal(() -> RequestPeek.of(utf8("[1]")))).hasMessage("The body must be an object, got a list.");
        assertThat(refusal(() -> RequestPeek.of(utf8("[1]"))).parameter()).isNull();
        assertThat(refusal(() -> RequestPeek.of(utf8("")))).hasMessage("The body must be an object, got nothing.");
        assertThat(refusal(() -> RequestPeek.of(utf8("{}{}")))).hasMessageContaining("goes on after the end");
    }
}
