package io.llmserve.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Reads stored numbers as f32, one by one: the definition of what a model file says. The block formats are
/// those of `ggml-quants.c`. Fast enough for norms and biases; matrices go through [MatrixPacker].
public final class Dequantizer {
    private static final ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Dequantizer() {}

    /// All numbers of a tensor, row by row.
    public static float[] floats(StoredTensor tensor) {
        float[] values = new float[Math.multiplyExact(tensor.rows(), tensor.columns())];
        int blockElements = tensor.type().blockElements();
        for (int i = 0; i < values.length / blockElements; i++) {
            block(tensor.type(), tensor.data(), (long) i * tensor.type().blockBytes(), values, i * blockElements);
        }
        return values;
    }

    private static void block(DType type, MemorySegment data, long at, float[] out, int to) {
        switch (type) {
            case F32 -> out[to] = data.get(FLOAT, at);
            case F16 -> out[to] = half(data, at);
            case BF16 -> out[to] = Float.intBitsToFloat(data.get(SHORT, at) << 16);
            case Q8_0 -> q8(data, at, out, to);
            case Q4_0 -> q4(data, at + 2, half(data, at), -8 * half(data, at), out, to);
            case Q4_1 -> q4(data, at + 4, half(data, at), half(data, at + 2), out, to);
            case Q4_K -> q4k(data, at, out, to);
            case Q6_K -> q6k(data, at, out, to);
        }
    }

    private static void q8(MemorySegment data, long at, float[] out, int to) {
        float scale = half(data, at);
        for (int i = 0; i < 32; i++) {
            out[to + i] = scale * data.get(JAVA_BYTE, at + 2 + i);
        }
    }

    private static void q4(MemorySegment data, long at, float scale, float minimum, float[] out, int to) {
        for (int i = 0; i < 16; i++) {
            int pair = data.get(JAVA_BYTE, at + i);
            out[to + i] = Math.fma(scale, pair & 15, minimum);
            out[to + 16 + i] = Math.fma(scale, (pair >> 4) & 15, minimum);
        }
    }

    private static void q4k(MemorySegment data, long at, float[] out, int to) {
        float superScale = half(data, at);
        float superMinimum = half(data, at + 2);
        for (int group = 0; group < 8; group++) {
            float scale = superScale * k4Scale(data, at + 4, group);
            float minimum = -superMinimum * k4Minimum(data, at + 4, group);
            long quants = at + 16 + group / 2 * 32L;
            for (int i = 0; i < 32; i++) {
                int q = (data.get(JAVA_BYTE, quants + i) >> (group % 2 * 4)) & 15;
                out[to + group * 32 + i] = Math.fma(scale, q, minimum);
            }
        }
    }

    /// The 6-bit scale of a group of Q4_K; `at` is where the 12 bytes of scales and minimums begin.
    static int k4Scale(MemorySegment data, long at, int group) {
        return group < 4
                ? data.get(JAVA_BYTE, at + group) & 63
                : (data.get(JAVA_BYTE, at + group + 4) & 15) | (((data.get(JAVA_BYTE, at + group - 4) >> 6) & 3) << 4);
    }

    /// The 6-bit minimum of a group of Q4_K.
    static int k4Minimum(MemorySegment data, long at, int group) {
        return group < 4
                ? data.get(JAVA_BYTE, at + group + 4) & 63
                : ((data.get(JAVA_BYTE, at + group + 4) >> 4) & 15)
                        | (((data.get(JAVA_BYTE, at + group) >> 6) & 3) << 4);
    }

    private static void q6k(MemorySegment data, long at, float[] out, int to) {
        float superScale = half(data, at + 208);
        for (int i = 0; i < 256; i++) {
            out[to + i] = superScale * data.get(JAVA_BYTE, at + 192 + i / 16) * q6(data, at, i);
        }
    }

    /// The signed 6-bit value of column `i` of a Q6_K block.
    static int q6(MemorySegment data, long at, int i) {
        int half = i / 128;
        int quarter = i % 128 / 32;
        int column = i % 32;
        int low = data.get(JAVA_BYTE, at + half * 64L + (quarter & 1) * 32L + column) >> (quarter / 2 * 4);
        int high = data.get(JAVA_BYTE, at + 128 + half * 32L + column) >> (quarter * 2);
        return ((low & 15) | ((high & 3) << 4)) - 32;
    }

    static float half(MemorySegment data, long at) {
        return Float.float16ToFloat(data.get(SHORT, at));
    }
}
