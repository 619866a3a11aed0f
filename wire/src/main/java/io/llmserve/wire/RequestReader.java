package io.llmserve.wire;

import static com.fasterxml.jackson.core.JsonToken.END_ARRAY;
import static com.fasterxml.jackson.core.JsonToken.END_OBJECT;
import static com.fasterxml.jackson.core.JsonToken.START_ARRAY;
import static com.fasterxml.jackson.core.JsonToken.START_OBJECT;
import static com.fasterxml.jackson.core.JsonToken.VALUE_NULL;
import static com.fasterxml.jackson.core.JsonToken.VALUE_NUMBER_FLOAT;
import static com.fasterxml.jackson.core.JsonToken.VALUE_NUMBER_INT;
import static com.fasterxml.jackson.core.JsonToken.VALUE_STRING;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.Consumer;

/// One pass over the body of one request. Each `read` method stands on a value and consumes it, or refuses it
/// with its path and what is allowed. `null` is the same as absent, as in OpenAI's API. One thread.
final class RequestReader {
    private final JsonParser parser;

    private RequestReader(JsonParser parser) {
        this.parser = parser;
    }

    /// Consumes the value of one field.
    @FunctionalInterface
    interface FieldSink {
        void field(String name) throws IOException;
    }

    /// Consumes one element of a list.
    @FunctionalInterface
    interface ElementSink {
        void element() throws IOException;
    }

    /// Consumes a whole body.
    @FunctionalInterface
    interface Body<T> {
        T read(RequestReader reader) throws IOException;
    }

    /// Reads `body` whole; whatever is wrong with it is one INVALID_REQUEST.
    static <T> T read(byte[] bytes, Body<T> body) {
        int malformed = StrictJson.firstMalformed(bytes);
        if (malformed >= 0) {
            throw new ServeException(
                    Failure.INVALID_REQUEST,
                    "The body is not valid UTF-8: byte %d (0x%02x) of %d."
                            .formatted(malformed, bytes[malformed], bytes.length));
        }
        try (JsonParser parser = StrictJson.FACTORY.createParser(bytes)) {
            RequestReader reader = new RequestReader(parser);
            parser.nextToken();
            try {
                T value = body.read(reader);
                if (parser.nextToken() != null) {
                    throw new ServeException(
                            Failure.INVALID_REQUEST, "The body goes on after the end of its JSON object.");
                }
                return value;
            } catch (JsonProcessingException broken) {
                throw reader.broken(broken);
            }
        } catch (JsonProcessingException broken) {
            throw new ServeException(Failure.INVALID_REQUEST, "The body is not valid JSON: " + broken.getMessage());
        } catch (IOException impossible) {
            throw new ServeException(Failure.INTERNAL, "An array of bytes could not be read.", impossible);
        }
    }

    void object(FieldSink sink) throws IOException {
        if (parser.currentToken() != START_OBJECT) {
            throw mismatch("an object");
        }
        while (parser.nextToken() != END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            sink.field(name);
        }
    }

    /// Consumes an object and tells where each of its fields lies.
    void members(Consumer<JsonMember> sink) throws IOException {
        if (parser.currentToken() != START_OBJECT) {
            throw mismatch("an object");
        }
        while (parser.nextToken() != END_OBJECT) {
            String name = parser.currentName();
            int start = (int) parser.currentTokenLocation().getByteOffset();
            parser.nextToken();
            int valueStart = (int) parser.currentTokenLocation().getByteOffset();
            parser.skipChildren();
            parser.finishToken();
            sink.accept(new JsonMember(
                    name, start, valueStart, (int) parser.currentLocation().getByteOffset()));
        }
    }

    void list(ElementSink sink) throws IOException {
        if (parser.currentToken() != START_ARRAY) {
            throw mismatch("a list");
        }
        while (parser.nextToken() != END_ARRAY) {
            sink.element();
        }
    }

    boolean isNull() {
        return parser.currentToken() == VALUE_NULL;
    }

    boolean isString() {
        return parser.currentToken() == VALUE_STRING;
    }

    boolean isList() {
        return parser.currentToken() == START_ARRAY;
    }

    boolean isInteger() {
        return parser.currentToken() == VALUE_NUMBER_INT;
    }

    String path() {
        return StrictJson.path(parser);
    }

    void skip() throws IOException {
        parser.skipChildren();
    }

    JsonNode tree() throws IOException {
        return StrictJson.MAPPER.readTree(parser);
    }

    String string() throws IOException {
        if (!isString()) {
            throw mismatch("a string");
        }
        String text = parser.getText();
        int unpaired = StrictJson.firstUnpairedSurrogate(text);
        if (unpaired >= 0) {
            throw invalid("has an unpaired surrogate (\\u%04x) at position %d"
                    .formatted((int) text.charAt(unpaired), unpaired));
        }
        return text;
    }

    String string(String absent) throws IOException {
        return isNull() ? absent : string();
    }

    boolean flag(boolean absent) throws IOException {
        return switch (parser.currentToken()) {
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> absent;
            default -> throw mismatch("true or false");
        };
    }

    long integer(long lowest, long highest) throws IOException {
        if (!isInteger()) {
            throw mismatch("an integer");
        }
        boolean fits = parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                && parser.getLongValue() >= lowest
                && parser.getLongValue() <= highest;
        if (!fits) {
            throw invalid("must be between %d and %d, got %s"
                    .formatted(lowest, highest, StrictJson.shortened(parser.getText())));
        }
        return parser.getLongValue();
    }

    int integer(int lowest, int highest, int absent) throws IOException {
        return isNull() ? absent : (int) integer(lowest, highest);
    }

    float number(float lowest, float highest, float absent) throws IOException {
        if (isNull()) {
            return absent;
        }
        if (!isInteger() && parser.currentToken() != VALUE_NUMBER_FLOAT) {
            throw mismatch("a number");
        }
        float value = (float) parser.getDoubleValue();
        if (!(value >= lowest && value <= highest)) {
            throw invalid("must be between %s and %s, got %s"
                    .formatted(lowest, highest, StrictJson.shortened(parser.getText())));
        }
        return value;
    }

    /// A list of token ids; the caller already stands inside it, on its first element.
    int[] tokenIdsFromFirst() throws IOException {
        int[] ids = new int[64];
        int count = 0;
        for (; parser.currentToken() != END_ARRAY; parser.nextToken()) {
            if (count == ids.length) {
                ids = Arrays.copyOf(ids, count * 2);
            }
            ids[count++] = (int) integer(0, Integer.MAX_VALUE);
        }
        return Arrays.copyOf(ids, count);
    }

    int[] tokenIds() throws IOException {
        if (!isList()) {
            throw mismatch("a list of token ids");
        }
        parser.nextToken();
        return tokenIdsFromFirst();
    }

    /// Steps into a list. Then this stands on the first element, or on the list's end.
    void enterList() throws IOException {
        parser.nextToken();
    }

    boolean atListEnd() {
        return parser.currentToken() == END_ARRAY;
    }

    ServeException mismatch(String expected) throws IOException {
        String path = path();
        String message = "%s must be %s, got %s.".formatted(path.isEmpty() ? "The body" : path, expected, found());
        return path.isEmpty()
                ? new ServeException(Failure.INVALID_REQUEST, message)
                : ServeException.invalid(path, message);
    }

    ServeException invalid(String complaint) {
        return ServeException.invalid(path(), path() + " " + complaint + ".");
    }

    /// What stands here instead of what should, in few words.
    private String found() throws IOException {
        JsonToken token = parser.currentToken();
        if (token == null) {
            return "nothing";
        }
        return switch (token) {
            case START_ARRAY -> "a list";
            case START_OBJECT -> "an object";
            case VALUE_STRING -> "the string \"" + StrictJson.shortened(parser.getText()) + "\"";
            default -> StrictJson.shortened(parser.getText());
        };
    }

    private ServeException broken(JsonProcessingException broken) {
        String message = "The body is not valid JSON: %s (line %d, column %d)"
                .formatted(
                        broken.getOriginalMessage(),
                        broken.getLocation() == null ? 1 : broken.getLocation().getLineNr(),
                        broken.getLocation() == null ? 1 : broken.getLocation().getColumnNr());
        String path = path();
        return path.isEmpty()
                ? new ServeException(Failure.INVALID_REQUEST, message)
                : ServeException.invalid(path, message);
    }
}
