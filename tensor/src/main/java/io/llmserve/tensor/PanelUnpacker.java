package io.llmserve.tensor;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.OR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/// Dequantises columns of one block of 16 rows into half of a panel `[k][32]`, as [WeightFormat] defines. In full
/// text for the reason that [Gemv] gives.
final class PanelUnpacker {
    private static final VectorSpecies<Float> F = Lanes.FLOAT;
    private static final VectorSpecies<Integer> I = Lanes.INT;
    private static final int L = Lanes.COUNT;
    private static final long LINE = WeightFormat.LINE_BYTES;
    private static final long STEP = 4 * Gemm.PANEL_OUTPUTS;

    /// The bits of 1.0, and the upper four of its fraction.
    static final IntVector ONE = IntVector.broadcast(I, 0x3F800000);
    static final IntVector MASK = IntVector.broadcast(I, 15 << 19);
    /// A half in the upper 16 bits, moved right by 3: what to keep, and the factor that corrects the exponent, as in
    /// [ScalarKernels].
    static final IntVector HALF = IntVector.broadcast(I, 0x8FFFE000);
    static final FloatVector REBIAS = FloatVector.broadcast(F, 0x1p112f);
    static final IntVector UPPER = IntVector.broadcast(I, 0xFFFF0000);

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
                case INT4 -> int4(band.data(), source, 4 * groups, panel, to);
                case INT8 -> int8(band.data(), source, 8 * groups, 3, panel, to);
                case INT8_16 -> int8(band.data(), source, 4 * groups, 2, panel, to);
                case BF16 -> bf16(band.data(), source, groups, panel, to);
                case F16 -> f16(band.data(), source, groups, panel, to);
                case F32 -> f32(band.data(), source, groups, panel, to);
            }
        }
    }

    private static void int4(MemorySegment data, long source, int lines, MemorySegment panel, long to) {
        for (int line = 0; line < lines; line++) {
            long group = source + (line >> 2) * (6 * LINE);
            FloatVector a = FloatVector.fromMemorySegment(F, data, group, LITTLE_ENDIAN);
            FloatVector b = FloatVector.fromMemorySegment(F, data, group + LINE, LITTLE_ENDIAN);
            IntVector q = IntVector.fromMemorySegment(I, data, group + (2 + (line & 3)) * LINE, LITTLE_ENDIAN);
            long out = to + line * (8 * STEP);
            IntVector n = q.lanewise(LSHL, 19).lanewise(AND, MASK).lanewise(OR, ONE);
            n.reinterpretAsFloats().fma(a, b).intoMemorySegment(panel, out, LITTLE_ENDIAN);
            n = q.lanewise(LSHL, 15).lanewise(AND, MASK).lanewise(OR, ONE);
            n.reinterpretAsFloats().fma(a, b).intoMemorySegment(panel, out + STEP, LITTLE_ENDIAN);
            n = q.lanewise(LSHL, 11).lanewise(AND, MASK).lanewise(OR, ONE);
            n.reinterpretAsFloats().fma(a, b).intoMemorySegment(panel, out + 2 * STEP, LITTLE_ENDIAN);
            n = q.lanewise(LSHL, 7).lanewise(AND, MASK).lanewise(OR, ONE);
            n.reinterpretAsFloats().fma(a, b).intoMemorySegment(panel, out + 3 * STEP, LITTLE_ENDIAN);
            n = q.lanewise(LSHL, 3).lanewise(AND, MASK).lanewise(OR, ONE);
            n.reinterpretAsFloats().fma(a, b).intoMemorySegment(panel, out + 4 * STEP, LITTLE_ENDIAN);
            n = q.lanewise(LSHR, 1).lanewise(AND, MASK).lanewise(OR, ONE);
            n.reinterpretAsFloats().fma(a, b).intoMemorySegment(panel, out + 5 * STEP, LITTLE_ENDIAN);
            n = q.lanewise(LSHR, 5).lanewise(AND, MASK).lanewise(OR, ONE);
            n.reinterpretAsFloats().fma(a, b).intoMemorySegment(panel, out + 6 * STEP, LITTLE_ENDIAN);
            n = q.lanewise(LSHR, 9).lanewise(AND, MASK).lanewise(OR, ONE);
            n.reinterpretAsFloats().fma(a, b).intoMemorySegment(panel, out + 7 * STEP, LITTLE_ENDIAN);
        }
    }

    /// Groups of `1 << shift` lines.
    private static void int8(MemorySegment data, long source, int lines, int shift, MemorySegment panel, long to) {
        for (int line = 0; line < lines; line++) {
            long at = source + (line + (line >> shift)) * LINE;
            long group = at - (line & ((1 << shift) - 1)) * LINE;
            FloatVector scale = FloatVector.fromMemorySegment(F, data, group, LITTLE_ENDIAN);
            IntVector q = IntVector.fromMemorySegment(I, data, at + LINE, LITTLE_ENDIAN);
            long out = to + line * (4 * STEP);
            FloatVector w =
                    (FloatVector) q.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
            w.mul(scale).intoMemorySegment(panel, out, LITTLE_ENDIAN);
            w = (FloatVector) q.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
            w.mul(scale).intoMemorySegment(panel, out + STEP, LITTLE_ENDIAN);
            w = (FloatVector) q.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
            w.mul(scale).intoMemorySegment(panel, out + 2 * STEP, LITTLE_ENDIAN);
            w = (FloatVector) q.lanewise(ASHR, 24).convert(I2F, 0);
            w.mul(scale).intoMemorySegment(panel, out + 3 * STEP, LITTLE_ENDIAN);
        }
    }

    private static void bf16(MemorySegment data, long source, int groups, MemorySegment panel, long to) {
        for (int group = 0; group < groups; group++) {
            IntVector word = IntVector.fromMemorySegment(I, data, source + group * LINE, LITTLE_ENDIAN);
            long out = to + 2L * group * STEP;
            word.lanewise(LSHL, 16).reinterpretAsFloats().intoMemorySegment(panel, out, LITTLE_ENDIAN);
            word.lanewise(AND, UPPER).reinterpretAsFloats().intoMemorySegment(panel, out + STEP, LITTLE_ENDIAN);
        }
    }

    private static void f16(MemorySegment data, long source, int groups, MemorySegment panel, long to) {
        for (int group = 0; group < groups; group++) {
            IntVector upper = IntVector.fromMemorySegment(I, data, source + group * LINE, LITTLE_ENDIAN);
            IntVector lower = upper.lanewise(LSHL, 16);
            long out = to + 2L * group * STEP;
            FloatVector w = lower.lanewise(ASHR, 3).lanewise(AND, HALF).reinterpretAsFloats();
            w.mul(REBIAS).intoMemorySegment(panel, out, LITTLE_ENDIAN);
            w = upper.lanewise(ASHR, 3).lanewise(AND, HALF).reinterpretAsFloats();
            w.mul(REBIAS).intoMemorySegment(panel, out + STEP, LITTLE_ENDIAN);
        }
    }

    private static void f32(MemorySegment data, long source, int groups, MemorySegment panel, long to) {
        for (int group = 0; group < groups; group++) {
            FloatVector.fromMemorySegment(F, data, source + group * LINE, LITTLE_ENDIAN)
                    .intoMemorySegment(panel, to + group * STEP, LITTLE_ENDIAN);
        }
    }
}
