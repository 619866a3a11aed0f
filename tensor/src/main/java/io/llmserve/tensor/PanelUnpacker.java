package io.llmserve.tensor;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Dequantises columns of one block of 16 rows into half of a panel `[k][32]`, as [WeightFormat] defines.
final class PanelUnpacker {
    private static final VectorSpecies<Float> F = Lanes.FLOAT;
    private static final VectorSpecies<Integer> I = Lanes.INT;
    private static final int L = Lanes.COUNT;
    private static final int LINE = WeightFormat.LINE_BYTES;
    private static final int STEP = Gemm.PANEL_OUTPUTS;

    private PanelUnpacker() {}

    /// Columns `from .. from + count` of `block`, multiples of 32, to `panel[at + 32 k + lane]`.
    static void unpack(PackedBand band, int block, int from, int count, float[] panel, int at) {
        WeightFormat format = band.format();
        long offset = band.blockOffset(block) + (long) (from / format.groupColumns()) * format.groupBytes();
        int groups = count / format.groupColumns();
        for (int part = 0; part < WeightFormat.BLOCK_ROWS; part += L) {
            long source = offset + part * 4L;
            int to = at + part;
            switch (format) {
                case INT4 -> int4(band.data(), source, groups, panel, to);
                case INT8 -> int8(band.data(), source, groups, 8, panel, to);
                case INT8_16 -> int8(band.data(), source, groups, 4, panel, to);
                case BF16 -> bf16(band.data(), source, groups, panel, to);
                case F16 -> f16(band.data(), source, groups, panel, to);
                case F32 -> f32(band.data(), source, groups, panel, to);
            }
        }
    }

    private static void int4(MemorySegment data, long source, int groups, float[] panel, int to) {
        int out = to;
        for (int group = 0; group < groups; group++) {
            long at = source + (long) group * 6 * LINE;
            FloatVector scale = floats(data, at);
            FloatVector minimum = floats(data, at + LINE);
            for (int j = 0; j < 4; j++) {
                IntVector word = words(data, at + (2L + j) * LINE);
                int low = out + 4 * j * STEP;
                nibble(word, 0, scale, minimum).intoArray(panel, low);
                nibble(word, 8, scale, minimum).intoArray(panel, low + STEP);
                nibble(word, 16, scale, minimum).intoArray(panel, low + 2 * STEP);
                nibble(word, 24, scale, minimum).intoArray(panel, low + 3 * STEP);
                int high = low + 16 * STEP;
                nibble(word, 4, scale, minimum).intoArray(panel, high);
                nibble(word, 12, scale, minimum).intoArray(panel, high + STEP);
                nibble(word, 20, scale, minimum).intoArray(panel, high + 2 * STEP);
                nibble(word, 28, scale, minimum).intoArray(panel, high + 3 * STEP);
            }
            out += 32 * STEP;
        }
    }

    private static void int8(MemorySegment data, long source, int groups, int lines, float[] panel, int to) {
        int out = to;
        for (int group = 0; group < groups; group++) {
            long at = source + (long) group * (lines + 1) * LINE;
            FloatVector scale = floats(data, at);
            for (int j = 1; j <= lines; j++) {
                IntVector word = words(data, at + (long) j * LINE);
                octet(word, 24, scale).intoArray(panel, out);
                octet(word, 16, scale).intoArray(panel, out + STEP);
                octet(word, 8, scale).intoArray(panel, out + 2 * STEP);
                octet(word, 0, scale).intoArray(panel, out + 3 * STEP);
                out += 4 * STEP;
            }
        }
    }

    private static void bf16(MemorySegment data, long source, int groups, float[] panel, int to) {
        for (int group = 0; group < groups; group++) {
            IntVector word = words(data, source + (long) group * LINE);
            lowBf16(word).intoArray(panel, to + 2 * group * STEP);
            highBf16(word).intoArray(panel, to + (2 * group + 1) * STEP);
        }
    }

    private static void f16(MemorySegment data, long source, int groups, float[] panel, int to) {
        for (int group = 0; group < groups; group++) {
            IntVector word = words(data, source + (long) group * LINE);
            lowF16(word).intoArray(panel, to + 2 * group * STEP);
            highF16(word).intoArray(panel, to + (2 * group + 1) * STEP);
        }
    }

    private static void f32(MemorySegment data, long source, int groups, float[] panel, int to) {
        for (int group = 0; group < groups; group++) {
            floats(data, source + (long) group * LINE).intoArray(panel, to + group * STEP);
        }
    }

    static FloatVector floats(MemorySegment data, long at) {
        return FloatVector.fromMemorySegment(F, data, at, LITTLE_ENDIAN);
    }

    static IntVector words(MemorySegment data, long at) {
        return IntVector.fromMemorySegment(I, data, at, LITTLE_ENDIAN);
    }

    /// `fma(scale, (word >>> shift) & 15, minimum)`
    static FloatVector nibble(IntVector word, int shift, FloatVector scale, FloatVector minimum) {
        IntVector q = word.lanewise(VectorOperators.LSHR, shift).and(15);
        return ((FloatVector) q.convert(VectorOperators.I2F, 0)).fma(scale, minimum);
    }

    /// `scale * (word << shift >> 24)`
    static FloatVector octet(IntVector word, int shift, FloatVector scale) {
        IntVector q = word.lanewise(VectorOperators.LSHL, shift).lanewise(VectorOperators.ASHR, 24);
        return ((FloatVector) q.convert(VectorOperators.I2F, 0)).mul(scale);
    }

    static FloatVector lowBf16(IntVector word) {
        return word.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    static FloatVector highBf16(IntVector word) {
        return word.and(0xFFFF0000).reinterpretAsFloats();
    }

    static FloatVector lowF16(IntVector word) {
        return highF16(word.lanewise(VectorOperators.LSHL, 16));
    }

    /// As [ScalarKernels]'s half: the lower half's bits are cut off before the exponent is moved.
    static FloatVector highF16(IntVector word) {
        return word.lanewise(VectorOperators.ASHR, 3)
                .and(0x8FFFE000)
                .reinterpretAsFloats()
                .mul(0x1p112f);
    }
}
