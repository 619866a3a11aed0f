package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

/// How keys and values lie in a page: 16 positions of one sequence, all layers. Page = `[layer][kvHead]` of K
/// as `[headDimension][16]` followed by V as `[16][headDimension]`, so that the lanes of a vector are positions
/// for K and dimensions for V. Little-endian, no header.
///
/// @param headDimension a multiple of 16
public record KvLayout(int layers, int kvHeads, int headDimension, Type type) {
    /// Positions of a page.
    public static final int PAGE_POSITIONS = 16;

    public KvLayout {
        check(layers > 0 && kvHeads > 0, "a KV page needs layers and heads, got %d and %d", layers, kvHeads);
        check(
                headDimension > 0 && headDimension % 16 == 0,
                "head dimension must be a multiple of 16, got %d",
                headDimension);
    }

    /// How one number is kept; BF16 is rounded to nearest, ties to even.
    public enum Type {
        F32(4),
        BF16(2);

        private final int bytes;

        Type(int bytes) {
            this.bytes = bytes;
        }

        public int bytes() {
            return bytes;
        }
    }

    public long pageBytes() {
        return 2L * layers * kvHeads * planeBytes();
    }

    /// Bytes of K, and of V, of one layer and head.
    public long planeBytes() {
        return (long) headDimension * PAGE_POSITIONS * type.bytes();
    }

    /// Where K of a layer and head begins in a page.
    public long keyOffset(int layer, int kvHead) {
        return ((long) layer * kvHeads + kvHead) * 2 * planeBytes();
    }

    /// Where V of a layer and head begins in a page.
    public long valueOffset(int layer, int kvHead) {
        return keyOffset(layer, kvHead) + planeBytes();
    }
}
