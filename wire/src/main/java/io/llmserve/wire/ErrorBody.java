package io.llmserve.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// OpenAI's error object in vLLM's spelling: `{"error": {"message", "type", "param", "code"}}`.
///
/// @param code the HTTP status
public record ErrorBody(
        String message, String type, @Nullable String param, int code) {
    public static ErrorBody of(ServeException failure) {
        return new ErrorBody(
                failure.messageText(),
                failure.failure().type(),
                failure.parameter(),
                failure.failure().httpStatus());
    }

    public byte[] toJson() {
        JsonBytes json = new JsonBytes(128 + message.length());
        json.raw("{\"error\":{\"message\":")
                .string(message)
                .raw(",\"type\":")
                .string(type)
                .raw(",\"param\":");
        if (param == null) {
            json.raw("null");
        } else {
            json.string(param);
        }
        return json.raw(",\"code\":").number(code).raw("}}").toBytes();
    }

    /// The error as the last event but `[DONE]` of a stream that had already begun.
    public byte[] toEvent() {
        return Sse.event(toJson());
    }

    /// Reads an error of any server that speaks OpenAI's API; empty where the body is something else. A `code`
    /// that is a word, as OpenAI itself sends, reads as 0.
    public static Optional<ErrorBody> parse(byte[] body) {
        try {
            return read(StrictJson.MAPPER.readTree(body));
        } catch (IOException notJson) {
            return Optional.empty();
        }
    }

    /// The error in a body that was read already.
    static Optional<ErrorBody> read(JsonNode body) {
        JsonNode error = body.path("error");
        if (!error.isObject()) {
            return Optional.empty();
        }
        return Optional.of(new ErrorBody(
                error.path("message").asText(""),
                error.path("type").asText(""),
                error.path("param").textValue(),
                error.path("code").asInt(0)));
    }
}
