package io.llmserve.tensor;

/// How numbers lie in a model file. Block formats are GGML's; byte layouts are in ggml-common.h of llama.cpp.
public enum DType {
    F32(1, 4),
    F16(1, 2),
    BF16(1, 2),
    /// 32 int8 with one f16 scale.
    Q8_0(32, 34),
    /// 32 unsigned nibbles less 8, one f16 scale.
    Q4_0(32, 18),
    /// 32 unsigned nibbles, f16 scale and f16 minimum.
    Q4_1(32, 20),
    /// 256 nibbles in 8 groups of 32, each with 6-bit scale and minimum under f16 super-scales.
    Q4_K(256, 144),
    /// 256 6-bit values in 16 groups of 16, each with an int8 scale under one f16 super-scale.
    Q6_K(256, 210);

    private final int blockElements;
    private final int blockBytes;

    DType(int blockElements, int blockBytes) {
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    public int blockElements() {
        return blockElements;
    }

    public int blockBytes() {
        return blockBytes;
    }

    /// Bytes of `elements` numbers, a multiple of the block.
    public long bytes(long elements) {
        return Math.multiplyExact(elements / blockElements, (long) blockBytes);
    }
}
