package io.llmserve.text;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenizerSource.JsonFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads `tokenizer.json` and, for BOS and EOS where the former is silent, `tokenizer_config.json`. Vocabulary and
/// merges are read as a stream; the rest is small and read as a tree.
final class TokenizerFile {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int MAXIMUM_VOCABULARY = 1 << 22;
    private final Path path;
    private final ObjectNode parts = JsonNodeFactory.instance.objectNode();
    private final ObjectNode model = JsonNodeFactory.instance.objectNode();
    private @Nullable String[] pieces = {};
    private final List<String> merges = new ArrayList<>();

    private TokenizerFile(Path path) {
        this.path = path;
    }

    static TokenizerDefinition read(JsonFile source) {
        TokenizerFile file = new TokenizerFile(source.tokenizer());
        try {
            file.readFile();
            return file.define(configuration(source.configuration()));
        } catch (IOException e) {
            throw new ServeException(
                    Failure.CORRUPT, "%s cannot be read: %s".formatted(source.tokenizer(), e.getMessage()), e);
        }
    }

    private static JsonNode configuration(Optional<Path> path) throws IOException {
        return path.isPresent() ? MAPPER.readTree(path.get().toFile()) : JsonNodeFactory.instance.objectNode();
    }

    private TokenizerDefinition define(JsonNode configuration) {
        if (!model.path("type").asText("BPE").equals("BPE")) {
            throw unsupported("model", model.path("type").asText());
        }
        List<AddedToken> added = added();
        trimPieces();
        TokenizerParts transforms = new TokenizerParts(path, parts);
        TokenizerFrame frame = new TokenizerFrame(parts.path("post_processor"), configuration, added);
        return new TokenizerDefinition(
                pieces,
                merges,
                added,
                new TokenizerDefinition.BpeOptions(
                        model.path("unk_token").textValue(),
                        model.path("fuse_unk").asBoolean(),
                        model.path("byte_fallback").asBoolean(),
                        model.path("ignore_merges").asBoolean()),
                transforms.normalizer(),
                transforms.pretokenizer(),
                transforms.prefix(),
                transforms.detokenization(),
                frame.opening(),
                frame.closing(),
                specialStrings(configuration));
    }

    /// A special token is named by its spelling, alone or as `content` of an object.
    private static Map<String, String> specialStrings(JsonNode configuration) {
        Map<String, String> strings = new HashMap<>();
        for (String name : List.of("bos_token", "eos_token", "unk_token", "pad_token")) {
            JsonNode token = configuration.path(name);
            JsonNode content = token.isTextual() ? token : token.path("content");
            if (content.isTextual()) {
                strings.put(name, content.asText());
            }
        }
        return Map.copyOf(strings);
    }

    private List<AddedToken> added() {
        List<AddedToken> added = new ArrayList<>();
        for (JsonNode token : parts.path("added_tokens")) {
            AddedToken read = new AddedToken(
                    token.path("id").asInt(-1),
                    token.path("content").asText(),
                    token.path("special").asBoolean(),
                    token.path("lstrip").asBoolean(),
                    token.path("rstrip").asBoolean(),
                    token.path("single_word").asBoolean(),
                    token.path("normalized").asBoolean());
            added.add(read);
            setPiece(read.id(), read.content());
        }
        return added;
    }

    private void readFile() throws IOException {
        try (JsonParser json = MAPPER.createParser(path.toFile())) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("it is not a JSON object");
            }
            for (String field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
                json.nextToken();
                if (field.equals("model") && json.currentToken() == JsonToken.START_OBJECT) {
                    readModel(json);
                } else {
                    parts.set(field, json.<JsonNode>readValueAsTree());
                }
            }
        }
    }

    private void readModel(JsonParser json) throws IOException {
        for (String field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
            JsonToken value = json.nextToken();
            if (field.equals("vocab") && value == JsonToken.START_OBJECT) {
                readVocabulary(json);
            } else if (field.equals("merges") && value == JsonToken.START_ARRAY) {
                readMerges(json);
            } else if (value.isStructStart()) {
                json.skipChildren();
            } else {
                model.set(field, json.<JsonNode>readValueAsTree());
            }
        }
    }

    private void readVocabulary(JsonParser json) throws IOException {
        for (String piece = json.nextFieldName(); piece != null; piece = json.nextFieldName()) {
            json.nextToken();
            setPiece(json.getIntValue(), piece);
        }
    }

    /// `"left right"` or `["left", "right"]`.
    private void readMerges(JsonParser json) throws IOException {
        for (JsonToken token = json.nextToken(); token != JsonToken.END_ARRAY; token = json.nextToken()) {
            if (token == null) {
                throw new IOException("it ends within the merges");
            }
            if (token == JsonToken.START_ARRAY) {
                String left = json.nextTextValue();
                String right = json.nextTextValue();
                if (left == null || right == null || json.nextToken() != JsonToken.END_ARRAY) {
                    throw new IOException("a merge is not two parts");
                }
                merges.add(left);
                merges.add(right);
            } else {
                String merge = json.getText();
                int space = merge.indexOf(' ', 1);
                if (space < 0) {
                    throw new IOException("the merge \"" + merge + "\" has no second part");
                }
                merges.add(merge.substring(0, space));
                merges.add(merge.substring(space + 1));
            }
        }
    }

    private void setPiece(int id, String piece) {
        if (id < 0 || id >= MAXIMUM_VOCABULARY) {
            throw new ServeException(
                    Failure.CORRUPT,
                    "%s gives the token \"%s\" the id %d; allowed are 0 to %d."
                            .formatted(path, piece, id, MAXIMUM_VOCABULARY - 1));
        }
        if (id >= pieces.length) {
            pieces = Arrays.copyOf(pieces, id + 1 < (1 << 15) ? 1 << 15 : Math.max(id + 1, pieces.length * 2));
        }
        pieces[id] = piece;
    }

    private void trimPieces() {
        int end = pieces.length;
        while (end > 0 && pieces[end - 1] == null) {
            end--;
        }
        pieces = Arrays.copyOf(pieces, end);
    }

    private ServeException unsupported(String part, String found) {
        return new ServeException(
                Failure.CORRUPT, "%s has a %s of type %s; supported is BPE.".formatted(path, part, found));
    }
}
