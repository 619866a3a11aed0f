package io.llmserve.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A growing buffer of UTF-8 that JSON is written into piece by piece. Not thread-safe. Writes what it is told:
/// commas and brackets are the caller's business.
final class JsonBytes {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    /// The lowest value that vLLM reports for a log-probability, as JSON has no word for minus infinity.
    private static final float LOWEST_LOGPROB = -9999f;

    private byte[] bytes;
    private int length;

    JsonBytes(int capacity) {
        bytes = new byte[capacity];
    }

    JsonBytes raw(byte[] source) {
        ensure(source.length);
        System.arraycopy(source, 0, bytes, length, source.length);
        length += source.length;
        return this;
    }

    /// ASCII that needs no escaping.
    JsonBytes raw(String ascii) {
        return raw(ascii.getBytes(StandardCharsets.ISO_8859_1));
    }

    JsonBytes number(long value) {
        return raw(Long.toString(value));
    }

    JsonBytes logprob(float value) {
        return raw(Float.isNaN(value) ? "null" : Float.toString(Math.max(LOWEST_LOGPROB, value)));
    }

    JsonBytes string(String value) {
        return raw("\"").escaped(value).raw("\"");
    }

    JsonBytes numbers(int[] values) {
        raw("[");
        for (int i = 0; i < values.length; i++) {
            if (i > 0) {
                raw(",");
            }
            number(values[i]);
        }
        return raw("]");
    }

    /// The inside of a JSON string. A surrogate without its pair becomes U+FFFD.
    JsonBytes escaped(String value) {
        int i = 0;
        while (i < value.length()) {
            ensure(6);
            int point = value.codePointAt(i);
            i += Character.charCount(point);
            if (point < 0x80) {
                ascii((char) point);
            } else if (point < 0x800) {
                two(point);
            } else if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
                three(0xFFFD);
            } else if (point < 0x10000) {
                three(point);
            } else {
                four(point);
            }
        }
        return this;
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, length);
    }

    private void ascii(char unit) {
        switch (unit) {
            case '"', '\\' -> pair(unit);
            case '\n' -> pair('n');
            case '\r' -> pair('r');
            case '\t' -> pair('t');
            default -> {
                if (unit < 0x20 || unit == 0x7F) {
                    raw("\\u00");
                    bytes[length++] = HEX[unit >> 4];
                    bytes[length++] = HEX[unit & 15];
                } else {
                    bytes[length++] = (byte) unit;
                }
            }
        }
    }

    private void pair(char second) {
        bytes[length++] = '\\';
        bytes[length++] = (byte) second;
    }

    private void two(int point) {
        bytes[length++] = (byte) (0xC0 | (point >> 6));
        bytes[length++] = (byte) (0x80 | (point & 0x3F));
    }

    private void three(int point) {
        bytes[length++] = (byte) (0xE0 | (point >> 12));
        bytes[length++] = (byte) (0x80 | ((point >> 6) & 0x3F));
        bytes[length++] = (byte) (0x80 | (point & 0x3F));
    }

    private void four(int point) {
        bytes[length++] = (byte) (0xF0 | (point >> 18));
        bytes[length++] = (byte) (0x80 | ((point >> 12) & 0x3F));
        bytes[length++] = (byte) (0x80 | ((point >> 6) & 0x3F));
        bytes[length++] = (byte) (0x80 | (point & 0x3F));
    }

    private void ensure(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }
}
