package io.llmserve.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.text.Detokenization.LeadingSpace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Normalizer, pre-tokenizer and decoder of a `tokenizer.json`: the parts that put a space in front of the text are
/// taken out and become a [SpacePrefix]; a decoder of another kind than ours is refused by name.
final class TokenizerParts {
    private static final String MARK = String.valueOf(SpacePrefix.SENTENCE_PIECE_SPACE);
    private final Path path;
    private SpacePrefix prefix = SpacePrefix.NONE;
    private final @Nullable JsonNode normalizer;
    private final @Nullable JsonNode pretokenizer;
    private final Detokenization detokenization;

    TokenizerParts(Path path, ObjectNode file) {
        this.path = path;
        normalizer = withoutPrefix(file.path("normalizer"), "normalizers");
        pretokenizer = withoutPrefix(file.path("pre_tokenizer"), "pretokenizers");
        detokenization = detokenization(file.path("decoder"));
    }

    @Nullable
    JsonNode normalizer() {
        return normalizer;
    }

    @Nullable
    JsonNode pretokenizer() {
        return pretokenizer;
    }

    SpacePrefix prefix() {
        return prefix;
    }

    Detokenization detokenization() {
        return detokenization;
    }

    private @Nullable JsonNode withoutPrefix(JsonNode part, String listField) {
        return switch (part.path("type").asText()) {
            case "" -> null;
            case "Sequence" -> withoutPrefixes(part, listField);
            case "Prepend" -> {
                prefix = new SpacePrefix(part.path("prepend").asText(), false, false);
                yield null;
            }
            case "Metaspace" -> metaspace((ObjectNode) part.deepCopy());
            case "ByteLevel" -> byteLevel((ObjectNode) part.deepCopy());
            default -> part;
        };
    }

    private @Nullable JsonNode withoutPrefixes(JsonNode sequence, String listField) {
        ArrayNode kept = JsonNodeFactory.instance.arrayNode();
        for (JsonNode part : sequence.path(listField)) {
            JsonNode rest = withoutPrefix(part, listField);
            if (rest != null) {
                kept.add(rest);
            }
        }
        if (kept.isEmpty()) {
            return null;
        }
        ObjectNode copy = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
        copy.set(listField, kept);
        return copy;
    }

    /// `prepend_scheme` of newer files, `add_prefix_space` of older ones.
    private JsonNode metaspace(ObjectNode part) {
        String scheme =
                part.path("prepend_scheme").asText(part.path("add_prefix_space").asBoolean(true) ? "always" : "never");
        if (!scheme.equals("never")) {
            prefix = new SpacePrefix(part.path("replacement").asText(MARK), scheme.equals("first"), true);
        }
        part.remove("add_prefix_space");
        return part.put("prepend_scheme", "never");
    }

    private JsonNode byteLevel(ObjectNode part) {
        if (part.path("add_prefix_space").asBoolean(true)) {
            prefix = new SpacePrefix(" ", false, true);
        }
        return part.put("add_prefix_space", false);
    }

    private Detokenization detokenization(JsonNode decoder) {
        List<String> types = new ArrayList<>();
        for (JsonNode step :
                decoder.path("type").asText().equals("Sequence") ? decoder.path("decoders") : List.of(decoder)) {
            types.add(step.path("type").asText());
        }
        if (types.equals(List.of("ByteLevel"))) {
            return new Detokenization.ByteLevel();
        }
        if (types.equals(List.of("Metaspace"))) {
            boolean prefixed = !decoder.path("prepend_scheme").asText("always").equals("never");
            return new Detokenization.SentencePiece(
                    prefixed ? LeadingSpace.DROP_OF_FIRST_TOKEN : LeadingSpace.KEEP, false);
        }
        if (List.of("Replace", "ByteFallback", "Fuse", "Strip").equals(types)) {
            return new Detokenization.SentencePiece(LeadingSpace.DROP_ONE, true);
        }
        if (List.of("Replace", "ByteFallback", "Fuse").equals(types)) {
            return new Detokenization.SentencePiece(LeadingSpace.KEEP, true);
        }
        throw new ServeException(
                Failure.CORRUPT,
                "%s has a decoder of %s; supported are ByteLevel, Metaspace and Replace, ByteFallback, Fuse, Strip."
                        .formatted(path, types));
    }
}
