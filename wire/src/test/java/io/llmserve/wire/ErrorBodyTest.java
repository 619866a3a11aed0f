package io.llmserve.wire;

import static io.llmserve.wire.Bodies.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import org.junit.jupiter.api.Test;

class ErrorBodyTest {
    @Test
    void writesAnUnknownModelAsVllmDoes() {
        ServeException unknown = new ServeException(
                        Failure.NOT_FOUND, "The model `nope` does not exist. Valid aliases: smollm2.")
                .at("model");
        assertThat(ErrorBody.of(unknown).toJson())
                .asString()
                .isEqualTo("{\"error\":{\"message\":\"The model `nope` does not exist. Valid aliases: smollm2.\","
                        + "\"type\":\"NotFoundError\",\"param\":\"model\",\"code\":404}}");
    }

    @Test
    void survivesTheWayThroughJson() {
        ErrorBody error = new ErrorBody("a \"quoted\"\n\u0001 line \ud83d\ude00 é", "BadRequestError", null, 400);
        assertThat(ErrorBody.parse(error.toJson())).contains(error);
    }

    @Test
    void isOneEventOfAStream() {
        ErrorBody error = new ErrorBody("line one\nline two", "InternalServerError", null, 500);
        assertThat(error.toEvent()).asString().startsWith("data: {").endsWith("}\n\n");
        assertThat(new String(error.toEvent(), java.nio.charset.StandardCharsets.UTF_8).trim())
                .doesNotContain("\n");
    }

    @Test
    void readsNoErrorOutOfOtherBodies() {
        assertThat(ErrorBody.parse(utf8("<html>502</html>"))).isEmpty();
        assertThat(ErrorBody.parse(utf8("{\"id\":\"x\"}"))).isEmpty();
        assertThat(ErrorBody.parse(utf8("{\"error\":\"no\"}"))).isEmpty();
    }

    @Test
    void readsAnErrorWhoseCodeIsAWord() {
        assertThat(ErrorBody.parse(
                        utf8("{\"error\":{\"message\":\"m\",\"type\":\"t\",\"param\":null,\"code\":\"c\"}}")))
                .contains(new ErrorBody("m", "t", null, 0));
    }
}
