package io.llmserve.text;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes the `tokenizer.json` that the native library gets: BPE without any special token, because those are found
/// in
/// Java, where it is known which characters may mean one. Their ids are kept by names that no text can produce: U+FDD0
/// is in no byte-level alphabet, and no merge makes such a name.
final class NativeModelJson {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final String HIDDEN = "\uFDD0";
    private final TokenizerDefinition definition;
    private final Map<Integer, AddedToken> added = new HashMap<>();

    private NativeModelJson(TokenizerDefinition definition) {
        this.definition = definition;
        definition.added().forEach(token -> added.put(token.id(), token));
    }

    static String write(TokenizerDefinition definition) {
        StringWriter text = new StringWriter(definition.pieces().length * 64);
        try (JsonGenerator json = MAPPER.createGenerator(text)) {
            new NativeModelJson(definition).writeTo(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private void writeTo(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("version", "1.0");
        json.writeNullField("truncation");
        json.writeNullField("padding");
        writeAddedTokens(json);
        json.writePOJOField("normalizer", definition.normalizer());
        json.writePOJOField("pre_tokenizer", definition.pretokenizer());
        json.writeNullField("post_processor");
        json.writeNullField("decoder");
        writeModel(json);
        json.writeEndObject();
    }

    private void writeAddedTokens(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("added_tokens");
        for (AddedToken token : definition.added()) {
            if (token.special()) {
                continue;
            }
            json.writeStartObject();
            json.writeNumberField("id", token.id());
            json.writeStringField("content", token.content());
            json.writeBooleanField("single_word", token.singleWord());
            json.writeBooleanField("lstrip", token.takesSpaceBefore());
            json.writeBooleanField("rstrip", token.takesSpaceAfter());
            json.writeBooleanField("normalized", token.normalized());
            json.writeBooleanField("special", false);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void writeModel(JsonGenerator json) throws IOException {
        TokenizerDefinition.BpeOptions options = definition.options();
        json.writeObjectFieldStart("model");
        json.writeStringField("type", "BPE");
        json.writeNullField("dropout");
        json.writeStringField("unk_token", unknownName(options.unknownToken()));
        json.writeNullField("continuing_subword_prefix");
        json.writeNullField("end_of_word_suffix");
        json.writeBooleanField("fuse_unk", options.fuseUnknown());
        json.writeBooleanField("byte_fallback", options.byteFallback());
        json.writeBooleanField("ignore_merges", options.ignoreMerges());
        json.writeObjectFieldStart("vocab");
        @Nullable String[] pieces = definition.pieces();
        for (int id = 0; id < pieces.length; id++) {
            String piece = pieces[id];
            if (piece != null) {
                json.writeNumberField(name(id, piece), id);
            }
        }
        json.writeEndObject();
        json.writeArrayFieldStart("merges");
        for (int i = 0; i < definition.merges().size(); i += 2) {
            json.writeStartArray();
            json.writeString(definition.merges().get(i));
            json.writeString(definition.merges().get(i + 1));
            json.writeEndArray();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private String name(int id, String piece) {
        AddedToken token = added.get(id);
        return token != null && token.special() ? HIDDEN + piece : piece;
    }

    private @Nullable String unknownName(@Nullable String unknown) {
        if (unknown == null) {
            return null;
        }
        boolean hidden = definition.added().stream()
                .anyMatch(t -> t.special() && t.content().equals(unknown));
        return hidden ? HIDDEN + unknown : unknown;
    }
}
