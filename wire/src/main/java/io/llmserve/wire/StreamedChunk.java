package io.llmserve.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One chunk of a streamed answer as a router reads it in passing: which tokens it brings, and where its bytes
/// say so, so that they can be passed on without. One pass, no tree. One thread.
public final class StreamedChunk {
    private static final int[] NONE = {};
    private static final byte[] NOTHING = {};

    private final byte[] json;
    private final List<JsonMember> tokenFields = new ArrayList<>();
    private final List<JsonMember> identity = new ArrayList<>();
    private int choices;
    private boolean otherIndex;
    private int[] tokenIds = NONE;
    private boolean hasTokenIds;
    private int[] promptTokenIds = NONE;
    private boolean finished;
    private boolean opens;
    private boolean says;
    private boolean saysOther;
    private int textLength;
    private boolean usage;
    private boolean error;

    private StreamedChunk(byte[] json) {
        this.json = json;
    }

    /// UPSTREAM where it is no JSON object.
    public static StreamedChunk read(byte[] json) {
        StreamedChunk chunk = new StreamedChunk(json);
        try (JsonParser parser = StrictJson.FACTORY.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("it is no object");
            }
            chunk.object(parser);
            return chunk;
        } catch (IOException broken) {
            throw new ServeException(Failure.UPSTREAM, "A chunk cannot be read: " + broken.getMessage(), broken);
        }
    }

    /// Those of the answer's first choice in this chunk; empty where it brings none.
    public int[] tokenIds() {
        return tokenIds;
    }

    /// Whether the worker says which tokens it brings.
    public boolean hasTokenIds() {
        return hasTokenIds;
    }

    public int[] promptTokenIds() {
        return promptTokenIds;
    }

    /// A choice other than the first one speaks.
    public boolean isOfSeveral() {
        return otherIndex || choices > 1;
    }

    public boolean hasChoice() {
        return choices > 0;
    }

    /// The choice ends with it.
    public boolean finishes() {
        return finished;
    }

    /// Opens the assistant's turn.
    public boolean opens() {
        return opens;
    }

    /// Has text, log-probabilities, a role, an end or the usage: something for a client that wants no token
    /// ids.
    public boolean saysAnything() {
        return says || saysOther || opens || finished || usage || choices == 0;
    }

    /// Characters of its text (Unicode code points).
    public int textLength() {
        return textLength;
    }

    /// Has more than text, such as a tool call.
    public boolean saysOther() {
        return saysOther;
    }

    /// The server broke off.
    public boolean isError() {
        return error;
    }

    public ChunkIdentity identity() {
        Map<String, byte[]> fields = new LinkedHashMap<>();
        identity.forEach(field -> fields.put(field.name(), Arrays.copyOfRange(json, field.valueStart(), field.end())));
        return new ChunkIdentity(fields);
    }

    /// The chunk as one of another answer, or of its own where that is null, and with or without token ids.
    public byte[] rewritten(@Nullable ChunkIdentity other, boolean withTokenIds) {
        if (other == null && (withTokenIds || tokenFields.isEmpty())) {
            return json;
        }
        List<Cut> cuts = new ArrayList<>();
        if (other != null) {
            for (JsonMember field : identity) {
                byte[] value = other.fields().get(field.name());
                if (value != null) {
                    cuts.add(new Cut(field.valueStart(), field.end(), value));
                }
            }
        }
        if (!withTokenIds) {
            tokenFields.forEach(field -> cuts.add(without(field)));
        }
        cuts.sort(Comparator.comparingInt(Cut::from));
        ByteArrayOutputStream out = new ByteArrayOutputStream(json.length + 64);
        int from = 0;
        for (Cut cut : cuts) {
            out.write(json, from, Math.max(0, cut.from() - from));
            out.writeBytes(cut.replacement());
            // Overlaps where the field before it was the first one, and went with the comma.
            from = cut.from() < from ? behindComma(cut.to()) : cut.to();
        }
        out.write(json, from, json.length - from);
        return out.toByteArray();
    }

    /// The bytes `[from, to)` make way for others.
    private record Cut(int from, int to, byte[] replacement) {}

    private Cut without(JsonMember field) {
        int comma = before(field.start());
        boolean first = json[comma] != ',';
        return new Cut(first ? field.start() : comma, first ? behindComma(field.end()) : field.end(), NOTHING);
    }

    private void object(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            int start = offset(parser);
            JsonToken value = parser.nextToken();
            switch (name) {
                case "id", "request_id", "object", "created", "model", "system_fingerprint" -> {
                    int valueStart = offset(parser);
                    parser.skipChildren();
                    identity.add(new JsonMember(name, start, valueStart, endOfScalar(valueStart)));
                }
                case "choices" -> choices(parser, value);
                case "prompt_token_ids" -> promptTokenIds = ids(parser, value, name, start, promptTokenIds);
                case "usage" -> {
                    usage = value == JsonToken.START_OBJECT;
                    parser.skipChildren();
                }
                case "error" -> {
                    error = value != JsonToken.VALUE_NULL;
                    parser.skipChildren();
                }
                default -> parser.skipChildren();
            }
        }
    }

    private void choices(JsonParser parser, JsonToken value) throws IOException {
        if (value != JsonToken.START_ARRAY) {
            parser.skipChildren();
            return;
        }
        while (parser.nextToken() == JsonToken.START_OBJECT) {
            choices++;
            choice(parser);
        }
    }

    private void choice(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            int start = offset(parser);
            JsonToken value = parser.nextToken();
            switch (name) {
                case "index" -> otherIndex |= value == JsonToken.VALUE_NUMBER_INT && parser.getIntValue() != 0;
                case "text" -> text(parser, value);
                case "delta" -> delta(parser, value);
                case "logprobs" -> {
                    saysOther |= value != JsonToken.VALUE_NULL;
                    parser.skipChildren();
                }
                case "finish_reason" -> finished |= value != JsonToken.VALUE_NULL;
                case "token_ids" -> {
                    hasTokenIds |= value == JsonToken.START_ARRAY;
                    tokenIds = ids(parser, value, name, start, tokenIds);
                }
                case "prompt_token_ids" -> promptTokenIds = ids(parser, value, name, start, promptTokenIds);
                default -> parser.skipChildren();
            }
        }
    }

    private void delta(JsonParser parser, JsonToken value) throws IOException {
        if (value != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return;
        }
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            JsonToken field = parser.nextToken();
            switch (name) {
                case "role" -> opens |= field == JsonToken.VALUE_STRING;
                case "content" -> text(parser, field);
                default -> {
                    boolean empty = field == JsonToken.VALUE_NULL
                            || (field == JsonToken.VALUE_STRING && parser.getTextLength() == 0);
                    saysOther |= !empty;
                }
            }
            parser.skipChildren();
        }
    }

    private void text(JsonParser parser, JsonToken value) throws IOException {
        if (value == JsonToken.VALUE_STRING && parser.getTextLength() > 0) {
            says = true;
            textLength += Character.codePointCount(
                    parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength());
        }
    }

    private int[] ids(JsonParser parser, JsonToken value, String name, int start, int[] absent) throws IOException {
        int valueStart = offset(parser);
        int[] ids = absent;
        if (value == JsonToken.START_ARRAY) {
            ids = new int[4];
            int count = 0;
            while (parser.nextToken() == JsonToken.VALUE_NUMBER_INT) {
                if (count == ids.length) {
                    ids = Arrays.copyOf(ids, count * 2);
                }
                ids[count++] = parser.getIntValue();
            }
            ids = Arrays.copyOf(ids, count);
        }
        int end = (int) parser.currentLocation().getByteOffset();
        tokenFields.add(new JsonMember(name, start, valueStart, end));
        return ids;
    }

    /// Behind a string, a number or a word.
    private int endOfScalar(int start) {
        boolean string = json[start] == '"';
        int at = start + 1;
        while (string ? json[at] != '"' : json[at] > ' ' && json[at] != ',' && json[at] != '}') {
            at += json[at] == '\\' ? 2 : 1;
        }
        return string ? at + 1 : at;
    }

    private static int offset(JsonParser parser) {
        return (int) parser.currentTokenLocation().getByteOffset();
    }

    /// The last byte before `at` that is no space.
    private int before(int at) {
        int last = at - 1;
        while (json[last] <= ' ') {
            last--;
        }
        return last;
    }

    /// Behind the comma that follows, if one does.
    private int behindComma(int at) {
        int next = JsonMember.behindSpace(json, at);
        return json[next] == ',' ? next + 1 : at;
    }
}
