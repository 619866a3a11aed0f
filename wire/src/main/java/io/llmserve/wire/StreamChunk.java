package io.llmserve.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a client reads out of one event of a streamed answer, of either shape and from any server.
///
/// @param error present when the server broke off: no answer follows
public record StreamChunk(List<Part> parts, Optional<Usage> usage, Optional<ErrorBody> error) {
    public StreamChunk {
        parts = List.copyOf(parts);
    }

    /// @param finishReason empty while the choice goes on
    public record Part(int index, String text, Optional<String> finishReason) {}

    /// Reads the data of an event that is not `[DONE]`; UPSTREAM where it is no JSON object.
    public static StreamChunk parse(String data) {
        try {
            JsonNode chunk = StrictJson.MAPPER.readTree(data);
            if (!chunk.isObject()) {
                throw new ServeException(Failure.UPSTREAM, "A chunk is not an object: " + StrictJson.shortened(data));
            }
            List<Part> parts = new ArrayList<>();
            for (JsonNode choice : chunk.path("choices")) {
                parts.add(part(choice));
            }
            return new StreamChunk(parts, usage(chunk.path("usage")), ErrorBody.read(chunk));
        } catch (JsonProcessingException notJson) {
            throw new ServeException(Failure.UPSTREAM, "A chunk is not JSON: " + StrictJson.shortened(data));
        }
    }

    private static Part part(JsonNode choice) {
        JsonNode chat = choice.path("delta").path("content");
        JsonNode text = chat.isMissingNode() ? choice.path("text") : chat;
        return new Part(
                choice.path("index").asInt(0),
                text.isTextual() ? text.textValue() : "",
                Optional.ofNullable(choice.path("finish_reason").textValue()));
    }

    private static Optional<Usage> usage(JsonNode usage) {
        if (!usage.isObject()) {
            return Optional.empty();
        }
        return Optional.of(new Usage(
                usage.path("prompt_tokens").asInt(0),
                usage.path("completion_tokens").asInt(0),
                usage.path("prompt_tokens_details").path("cached_tokens").asInt(0)));
    }
}
