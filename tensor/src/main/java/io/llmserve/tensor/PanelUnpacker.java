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
    private static final long STEP = 4 * Gemm.PANEL_OUTPUTS;

    /// The bits of 1.0, and the upper four of its fraction.
    private static final IntVector ONE = IntVector.broadcast(Lanes.INT, 0x3F800000);
    private static final IntVector FRACTION = IntVector.broadcast(Lanes.INT, 15 << 19);

    private PanelUnpacker() {}

    /// Columns `from .. from + count` of `block`, multiples of 32, to `panel[at + 32 k + lane]`.
    static void unpack(PackedBand band, int block, int from, int count, MemorySegment panel, long at) {
        WeightFormat format = band.format();
        long offset = band.blockOffset(block) + (long) (from / format.groupColumns()) * format.groupBytes();
        int groups = count / format.groupColumns();
        for (int part = 0; part < WeightFormat.BLOCK_ROWS; part += L) {
            long source = offset + part * 4L;
            long to = at + 4L * part;
            switch (format) {
                case INT4 -> {
                    int4(band.data(), source, 4 * groups, 0, panel, to);
                    int4(band.data(), source, 4 * groups, 16, panel, to + 4 * STEP);
                }
                case INT8 -> int8(band.data(), source, 8 * groups, 3, panel, to);
                case INT8_16 -> int8(band.data(), source, 4 * groups, 2, panel, to);
                case BF16 -> bf16(band.data(), source, groups, panel, to);
                case F16 -> f16(band.data(), source, groups, panel, to);
                case F32 -> f32(band.data(), source, groups, panel, to);
            }
        }
    }

    /// Four columns of each line, the lower (`shift` 0) or the upper ones (16): half the work in one method, as
    /// the compiler inlines only so much, and a vector that crosses a call is an object.
    private static void int4(MemorySegment data, long source, int lines, int shift, MemorySegment panel, long to) {
        for (int line = 0; line < lines; line++) {
            long group = source + (line >> 2) * (6L * LINE);
            FloatVector a = floats(data, group);
            FloatVector b = floats(data, group + LINE);
            IntVector word = words(data, group + (2 + (line & 3)) * (long) LINE).lanewise(VectorOperators.LSHR, shift);
            long out = to + line * (8 * STEP);
            nibble(word, 19, a, b).intoMemorySegment(panel, out, LITTLE_ENDIAN);
            nibble(word, 15, a, b).intoMemorySegment(panel, out + STEP, LITTLE_ENDIAN);
            nibble(word, 11, a, b).intoMemorySegment(panel, out + 2 * STEP, LITTLE_ENDIAN);
            nibble(word, 7, a, b).intoMemorySegment(panel, out + 3 * STEP, LITTLE_ENDIAN);
        }
    }

    /// Groups of `1 << shift` lines.
    private static void int8(MemorySegment data, long source, int lines, int shift, MemorySegment panel, long to) {
        for (int line = 0; line < lines; line++) {
            long at = source + (line + (line >> shift)) * (long) LINE;
            FloatVector scale = floats(data, at - (line & ((1 << shift) - 1)) * (long) LINE);
            IntVector word = words(data, at + LINE);
            long out = to + line * (4 * STEP);
            octet(word, 24, scale).intoMemorySegment(panel, out, LITTLE_ENDIAN);
            octet(word, 16, scale).intoMemorySegment(panel, out + STEP, LITTLE_ENDIAN);
            octet(word, 8, scale).intoMemorySegment(panel, out + 2 * STEP, LITTLE_ENDIAN);
            octet(word, 0, scale).intoMemorySegment(panel, out + 3 * STEP, LITTLE_ENDIAN);
        }
    }

    private static void bf16(MemorySegment data, long source, int groups, MemorySegment panel, long to) {
        for (int group = 0; group < groups; group++) {
            IntVector word = words(data, source + (long) group * LINE);
            lowBf16(word).intoMemorySegment(panel, to + 2L * group * STEP, LITTLE_ENDIAN);
            highBf16(word).intoMemorySegment(panel, to + (2L * group + 1) * STEP, LITTLE_ENDIAN);
        }
    }

    private static void f16(MemorySegment data, long source, int groups, MemorySegment panel, long to) {
        for (int group = 0; group < groups; group++) {
            IntVector word = words(data, source + (long) group * LINE);
            lowF16(word).intoMemorySegment(panel, to + 2L * group * STEP, LITTLE_ENDIAN);
            highF16(word).intoMemorySegment(panel, to + (2L * group + 1) * STEP, LITTLE_ENDIAN);
        }
    }

    private static void f32(MemorySegment data, long source, int groups, MemorySegment panel, long to) {
        for (int group = 0; group < groups; group++) {
            floats(data, source + (long) group * LINE).intoMemorySegment(panel, to + group * STEP, LITTLE_ENDIAN);
        }
    }

    static FloatVector floats(MemorySegment data, long at) {
        return FloatVector.fromMemorySegment(F, data, at, LITTLE_ENDIAN);
    }

    static IntVector words(MemorySegment data, long at) {
        return IntVector.fromMemorySegment(I, data, at, LITTLE_ENDIAN);
    }

    /// `fma(a, 1 + q / 16, b)`, where `word << shift` has q in bits 19 to 22, the upper ones of a fraction.
    static FloatVector nibble(IntVector word, int shift, FloatVector a, FloatVector b) {
        IntVector fraction = word.lanewise(VectorOperators.LSHL, shift).lanewise(VectorOperators.AND, FRACTION);
        return fraction.lanewise(VectorOperators.OR, ONE).reinterpretAsFloats().fma(a, b);
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
