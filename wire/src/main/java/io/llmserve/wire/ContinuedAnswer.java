package io.llmserve.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.util.Optional;

/// Makes of an answer to [ContinuableRequest#following] the rest of the one that the client reads: without the tokens
/// and
/// the text that it has, in its shape, with the cost of the whole. Engines that are told tokens only may have to
/// generate
/// some again, as the client has tokens without all of their text, so it is checked that they come out the same. One
/// thread.
public final class ContinuedAnswer {
    private final AnswerShape shape;
    private final int given;
    private final int[] again;
    private int repeated;
    private int charactersAhead;
    private boolean astray;
    private boolean repeats;

    /// @param given tokens of the answer that stood in the prompt
    /// @param again tokens that the client has, behind those
    /// @param charactersAhead of text that the client has, behind that of the given tokens
    public ContinuedAnswer(AnswerShape shape, int given, int[] again, int charactersAhead) {
        this.shape = shape;
        this.given = given;
        this.again = again;
        this.charactersAhead = charactersAhead;
    }

    /// The chunk for the client; empty where it has all of it. UPSTREAM where it is no JSON object.
    public Optional<byte[]> next(byte[] json) {
        try {
            if (!(StrictJson.MAPPER.readTree(json) instanceof ObjectNode chunk)) {
                throw new ServeException(Failure.UPSTREAM, "A chunk is no object.");
            }
            if (chunk.hasNonNull("error")) {
                return Optional.of(json);
            }
            chunk.remove("prompt_token_ids");
            boolean says = !(chunk.path("choices").path(0) instanceof ObjectNode choice) || choice(choice);
            if (chunk.get("usage") instanceof ObjectNode usage) {
                count(usage);
            }
            return says && !astray ? Optional.of(StrictJson.MAPPER.writeValueAsBytes(chunk)) : Optional.empty();
        } catch (IOException broken) {
            throw new ServeException(Failure.UPSTREAM, "A chunk cannot be read: " + broken.getMessage(), broken);
        }
    }

    /// The engine did not repeat what the client has: the two do not fit together.
    public boolean isAstray() {
        return astray;
    }

    /// The last chunk had tokens that the client has, perhaps before others.
    public boolean repeats() {
        return repeats;
    }

    /// Whether something is left of it.
    private boolean choice(ObjectNode choice) {
        choice.remove("prompt_token_ids");
        ArrayNode fresh = fresh(choice.path("token_ids"));
        if (choice.has("token_ids")) {
            choice.set("token_ids", fresh);
        }
        boolean ends = choice.hasNonNull("finish_reason");
        boolean speaks = false;
        if (choice.path("text").isTextual()) {
            String text = ahead(choice.path("text").textValue());
            speaks = !text.isEmpty();
            put(choice, text);
        }
        astray |= ends && (repeated < again.length || charactersAhead > 0);
        return speaks || ends || !fresh.isEmpty();
    }

    private void put(ObjectNode choice, String text) {
        if (shape == AnswerShape.CHAT) {
            choice.remove("text");
            choice.putObject("delta").put("content", text);
        } else {
            choice.put("text", text);
        }
    }

    private ArrayNode fresh(JsonNode ids) {
        ArrayNode fresh = StrictJson.MAPPER.createArrayNode();
        repeats = repeated < again.length;
        for (JsonNode id : ids) {
            if (repeated == again.length) {
                fresh.add(id);
            } else {
                astray |= again[repeated] != id.intValue();
                repeated++;
            }
        }
        return fresh;
    }

    private String ahead(String text) {
        int skipped = Math.min(charactersAhead, text.codePointCount(0, text.length()));
        charactersAhead -= skipped;
        return text.substring(text.offsetByCodePoints(0, skipped));
    }

    /// The given tokens were generated, whoever did it.
    private void count(ObjectNode usage) {
        int prompt = usage.path("prompt_tokens").intValue() - given;
        usage.put("prompt_tokens", prompt);
        usage.put("completion_tokens", usage.path("completion_tokens").intValue() + given);
        if (usage.get("prompt_tokens_details") instanceof ObjectNode details && details.hasNonNull("cached_tokens")) {
            details.put(
                    "cached_tokens",
                    Math.min(prompt, details.path("cached_tokens").intValue()));
        }
    }
}
