package io.llmserve.models.gguf;

/// A metadata value. Arrays stay where they are in the file's front until somebody asks for them.
sealed interface GgufValue {
    /// Any integer type; unsigned 64-bit beyond 2^63 - 1 comes out negative.
    record Whole(long value) implements GgufValue {}

    record Real(double value) implements GgufValue {}

    record Flag(boolean value) implements GgufValue {}

    record Text(String value) implements GgufValue {}

    /// @param start of the first element in the front's bytes
    record Sequence(GgufValueType element, int count, int start) implements GgufValue {}
}
