package io.llmserve.text;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Writes the `tokenizer.json` that the native library gets: BPE without any special token, because those are found
/// in Java, where it is known which characters may mean one. Their ids are kept by names that no text can produce:
/// U+FDD0 is in no byte-level alphabet, and no merge makes such a name. Written by hand: it is megabytes, on the
/// way to the first token.
final class NativeModelJson {
    private static final String HIDDEN = "\uFDD0";
    private final TokenizerDefinition definition;
    private final StringBuilder json;
    /// Special tokens by id.
    private final Map<Integer, String> special = new HashMap<>();

    private NativeModelJson(TokenizerDefinition definition) {
        this.definition = definition;
        this.json = new StringBuilder(definition.pieces().length * 32);
        definition.added().stream()
                .filter(AddedToken::special)
                .forEach(token -> special.put(token.id(), token.content()));
    }

    static String write(TokenizerDefinition definition) {
        NativeModelJson writer = new NativeModelJson(definition);
        writer.write();
        return writer.json.toString();
    }

    private void write() {
        json.append("{\"version\":\"1.0\",\"truncation\":null,\"padding\":null");
        writeAddedTokens();
        json.append(",\"normalizer\":");
        writePart(definition.normalizer());
        json.append(",\"pre_tokenizer\":");
        writePart(definition.pretokenizer());
        json.append(",\"post_processor\":null,\"decoder\":null");
        writeModel();
        json.append('}');
    }

    /// As `toString` does, which takes 100 ms to set Jackson up when it is the first to do so.
    private void writePart(@Nullable JsonNode part) {
        if (part instanceof ObjectNode object) {
            json.append('{');
            String separator = "";
            for (Map.Entry<String, JsonNode> field : object.properties()) {
                json.append(separator);
                writeString(field.getKey());
                json.append(':');
                writePart(field.getValue());
                separator = ",";
            }
            json.append('}');
        } else if (part instanceof ArrayNode array) {
            json.append('[');
            String separator = "";
            for (JsonNode item : array) {
                json.append(separator);
                writePart(item);
                separator = ",";
            }
            json.append(']');
        } else if (part instanceof TextNode text) {
            writeString(text.asText());
        } else {
            json.append(part == null ? "null" : part.asText());
        }
    }

    private void writeAddedTokens() {
        json.append(",\"added_tokens\":[");
        String separator = "";
        for (AddedToken token : definition.added()) {
            if (!token.special()) {
                json.append(separator).append("{\"id\":").append(token.id()).append(",\"content\":");
                writeString(token.content());
                json.append(",\"single_word\":").append(token.singleWord());
                json.append(",\"lstrip\":").append(token.takesSpaceBefore());
                json.append(",\"rstrip\":").append(token.takesSpaceAfter());
                json.append(",\"normalized\":").append(token.normalized());
                json.append(",\"special\":false}");
                separator = ",";
            }
        }
        json.append(']');
    }

    private void writeModel() {
        TokenizerDefinition.BpeOptions options = definition.options();
        json.append(",\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":");
        writeUnknown(options.unknownToken());
        json.append(",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null");
        json.append(",\"fuse_unk\":").append(options.fuseUnknown());
        json.append(",\"byte_fallback\":").append(options.byteFallback());
        json.append(",\"ignore_merges\":").append(options.ignoreMerges());
        writeVocabulary();
        writeMerges();
        json.append('}');
    }

    private void writeUnknown(@Nullable String unknown) {
        if (unknown == null) {
            json.append("null");
        } else {
            writeString(special.containsValue(unknown) ? HIDDEN + unknown : unknown);
        }
    }

    private void writeVocabulary() {
        json.append(",\"vocab\":{");
        @Nullable String[] pieces = definition.pieces();
        String separator = "";
        for (int id = 0; id < pieces.length; id++) {
            String piece = pieces[id];
            if (piece != null) {
                json.append(separator);
                writeString(special.containsKey(id) ? HIDDEN + piece : piece);
                json.append(':').append(id);
                separator = ",";
            }
        }
        json.append('}');
    }

    /// Without those that would make a special token of text.
    private void writeMerges() {
        Set<String> hidden = Set.copyOf(special.values());
        Set<Character> openings = hidden.stream()
                .filter(text -> !text.isEmpty())
                .map(text -> text.charAt(0))
                .collect(Collectors.toSet());
        json.append(",\"merges\":[");
        String separator = "";
        for (int i = 0; i < definition.merges().size(); i += 2) {
            String left = definition.merges().get(i);
            String right = definition.merges().get(i + 1);
            boolean suspect = left.isEmpty() || openings.contains(left.charAt(0)) || hidden.contains(right);
            if (suspect && (hidden.contains(left) || hidden.contains(right) || hidden.contains(left + right))) {
                continue;
            }
            json.append(separator).append('[');
            writeString(left);
            json.append(',');
            writeString(right);
            json.append(']');
            separator = ",";
        }
        json.append(']');
    }

    private void writeString(String text) {
        json.append('"');
        if (isPlain(text)) {
            json.append(text);
        } else {
            JsonStringEncoder.getInstance().quoteAsString(text, json);
        }
        json.append('"');
    }

    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (character < ' ' || character == '"' || character == '\\') {
                return false;
            }
        }
        return true;
    }
}
