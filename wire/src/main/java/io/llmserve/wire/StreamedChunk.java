package io.llmserve.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One chunk of a streamed answer as a router reads it in passing: which tokens it brings, and where its bytes
/// say so, so that they can be passed on without. One pass, no tree. One thread.
public final class StreamedChunk {
    private static final int[] NONE = {};

    private final byte[] json;
    private final List<JsonMember> tokenFields = new ArrayList<>();
    private int choicesStart = -1;
    private int choices;
    private boolean otherIndex;
    private int[] tokenIds = NONE;
    private boolean hasTokenIds;
    private int[] promptTokenIds = NONE;
    private boolean finished;
    private boolean opens;
    private boolean says;
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
        return says || opens || finished || usage || choices == 0;
    }

    /// The server broke off.
    public boolean isError() {
        return error;
    }

    /// What stands before `choices`: the same in every chunk of one answer; null where there is no such field.
    public byte @Nullable [] head() {
        return choicesStart < 0 ? null : Arrays.copyOf(json, choicesStart);
    }

    /// The chunk with another head, or its own where that is null, and with or without token ids.
    public byte[] rewritten(byte @Nullable [] head, boolean withTokenIds) {
        boolean otherHead = head != null && choicesStart >= 0;
        if (!otherHead && (withTokenIds || tokenFields.isEmpty())) {
            return json;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(json.length + 64);
        int from = 0;
        if (otherHead) {
            out.writeBytes(head);
            from = choicesStart;
        }
        for (JsonMember field : withTokenIds ? List.<JsonMember>of() : tokenFields) {
            int comma = before(field.start());
            boolean first = json[comma] != ',';
            int cut = first ? field.start() : comma;
            if (cut >= from) {
                out.write(json, from, cut - from);
                from = first ? behindComma(field.end()) : field.end();
            }
        }
        out.write(json, from, json.length - from);
        return out.toByteArray();
    }

    private void object(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            int start = offset(parser);
            JsonToken value = parser.nextToken();
            switch (name) {
                case "choices" -> {
                    choicesStart = start;
                    choices(parser, value);
                }
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
                case "text" -> says |= value == JsonToken.VALUE_STRING && parser.getTextLength() > 0;
                case "delta" -> delta(parser, value);
                case "logprobs" -> {
                    says |= value != JsonToken.VALUE_NULL;
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
            if (name.equals("role")) {
                opens |= field == JsonToken.VALUE_STRING;
            } else {
                boolean empty = field == JsonToken.VALUE_NULL
                        || (field == JsonToken.VALUE_STRING && parser.getTextLength() == 0);
                says |= !empty;
            }
            parser.skipChildren();
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
