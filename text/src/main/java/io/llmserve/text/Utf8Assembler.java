package io.llmserve.text;

/// UTF-8 bytes in, characters out, at any cut. A sequence that cannot become valid is replaced by U+FFFD, one for
/// each maximal part of a valid sequence (WHATWG Encoding, "UTF-8 decoder"; Unicode 3.9, table 3-8), at the byte
/// that proves it.
final class Utf8Assembler {
    private static final char REPLACEMENT = '\uFFFD';
    private int missing;
    private int codePoint;
    private int lowest = 0x80;
    private int highest = 0xBF;

    void append(byte[] bytes, int from, StringBuilder out) {
        for (int i = from; i < bytes.length; i++) {
            append(bytes[i] & 0xFF, out);
        }
    }

    /// No more bytes: half a character becomes one U+FFFD.
    void finish(StringBuilder out) {
        if (missing > 0) {
            out.append(REPLACEMENT);
            reset();
        }
    }

    private void append(int value, StringBuilder out) {
        if (missing == 0) {
            lead(value, out);
        } else if (value < lowest || value > highest) {
            out.append(REPLACEMENT);
            reset();
            lead(value, out);
        } else {
            codePoint = (codePoint << 6) | (value & 0x3F);
            lowest = 0x80;
            highest = 0xBF;
            if (--missing == 0) {
                out.appendCodePoint(codePoint);
            }
        }
    }

    private void lead(int value, StringBuilder out) {
        if (value < 0x80) {
            out.append((char) value);
        } else if (value >= 0xC2 && value <= 0xDF) {
            expect(1, value & 0x1F, 0x80, 0xBF);
        } else if (value >= 0xE0 && value <= 0xEF) {
            expect(2, value & 0x0F, value == 0xE0 ? 0xA0 : 0x80, value == 0xED ? 0x9F : 0xBF);
        } else if (value >= 0xF0 && value <= 0xF4) {
            expect(3, value & 0x07, value == 0xF0 ? 0x90 : 0x80, value == 0xF4 ? 0x8F : 0xBF);
        } else {
            out.append(REPLACEMENT);
        }
    }

    private void expect(int bytes, int bits, int low, int high) {
        missing = bytes;
        codePoint = bits;
        lowest = low;
        highest = high;
    }

    private void reset() {
        expect(0, 0, 0x80, 0xBF);
    }
}
