package io.llmserve.models.gguf;

/// Types of metadata values, in the order of their ids (`enum gguf_type` of llama.cpp's gguf.h).
enum GgufValueType {
    UINT8(1),
    INT8(1),
    UINT16(2),
    INT16(2),
    UINT32(4),
    INT32(4),
    FLOAT32(4),
    BOOL(1),
    /// u64 length, UTF-8 bytes.
    STRING(8),
    /// u32 element type, u64 count, elements.
    ARRAY(12),
    UINT64(8),
    INT64(8),
    FLOAT64(8);

    private final int minimumBytes;

    GgufValueType(int minimumBytes) {
        this.minimumBytes = minimumBytes;
    }

    /// Exact for numbers and flags.
    int minimumBytes() {
        return minimumBytes;
    }
}
