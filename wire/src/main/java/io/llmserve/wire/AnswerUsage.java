package io.llmserve.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/// What the end of an answer says of how many tokens it has: its `usage` is among the last fields.
public final class AnswerUsage {
    private static final byte[] NAME = "\"usage\":".getBytes(StandardCharsets.US_ASCII);

    private AnswerUsage() {}

    /// `usage.completion_tokens`; empty where these bytes have none, or the text of the answer pretends to.
    ///
    /// @param tail the last bytes of the body
    public static OptionalLong completionTokens(byte[] tail) {
        for (int at = tail.length - NAME.length; at >= 0; at--) {
            if (startsAt(tail, at)) {
                return read(tail, at + NAME.length);
            }
        }
        return OptionalLong.empty();
    }

    private static boolean startsAt(byte[] tail, int at) {
        for (int i = 0; i < NAME.length; i++) {
            if (tail[at + i] != NAME[i]) {
                return false;
            }
        }
        // A quote within a string is escaped.
        return at == 0 || tail[at - 1] != '\\';
    }

    private static OptionalLong read(byte[] tail, int from) {
        try (JsonParser parser = StrictJson.FACTORY.createParser(tail, from, tail.length - from)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return OptionalLong.empty();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean wanted = parser.currentName().equals("completion_tokens");
                JsonToken value = parser.nextToken();
                if (wanted && value == JsonToken.VALUE_NUMBER_INT) {
                    return OptionalLong.of(Math.max(0, parser.getLongValue()));
                }
                parser.skipChildren();
            }
            return OptionalLong.empty();
        } catch (IOException cut) {
            return OptionalLong.empty();
        }
    }
}
