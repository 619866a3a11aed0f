package io.llmserve.tensor;

import static io.llmserve.tensor.PanelUnpacker.HALF;
import static io.llmserve.tensor.PanelUnpacker.MASK;
import static io.llmserve.tensor.PanelUnpacker.ONE;
import static io.llmserve.tensor.PanelUnpacker.REBIAS;
import static io.llmserve.tensor.PanelUnpacker.UPPER;
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

/// One row of x against four blocks of weights, dequantised in registers. Four, because each block is one chain of
/// fma with a latency of four cycles, and unpacking fills the gap; blocks may be the same.
///
/// Every operation stands in the text of its loop, unrolled: where a method grows large, the compiler inlines
/// the vector API but no helper of ours, and a vector that crosses a call is an object.
final class Gemv {
    static final int BLOCKS = KernelSet.ROW_BLOCKS;

    private static final VectorSpecies<Float> F = Lanes.FLOAT;
    private static final VectorSpecies<Integer> I = Lanes.INT;
    private static final int L = Lanes.COUNT;
    private static final long LINE = WeightFormat.LINE_BYTES;

    private Gemv() {}

    /// Blocks `block .. block + 3` of the band, none beyond `last`; sums to `out[0 .. 64]`.
    static void four(PackedBand band, int block, int last, float[] x, float[] out) {
        MemorySegment data = band.data();
        int groups = band.groups();
        for (int part = 0; part < WeightFormat.BLOCK_ROWS; part += L) {
            long a = band.blockOffset(block) + part * 4L;
            long b = band.blockOffset(Math.min(block + 1, last)) + part * 4L;
            long c = band.blockOffset(Math.min(block + 2, last)) + part * 4L;
            long d = band.blockOffset(Math.min(block + 3, last)) + part * 4L;
            switch (band.format()) {
                case INT4 -> int4(data, a, b, c, d, groups, x, out, part);
                case INT8 -> int8(data, a, b, c, d, 8 * groups, 3, x, out, part);
                case INT8_16 -> int8(data, a, b, c, d, 4 * groups, 2, x, out, part);
                case BF16 -> bf16(data, a, b, c, d, groups, x, out, part);
                case F16 -> f16(data, a, b, c, d, groups, x, out, part);
                case F32 -> f32(data, a, b, c, d, groups, x, out, part);
            }
        }
    }

    private static void int4(
            MemorySegment data, long at0, long at1, long at2, long at3, int groups, float[] x, float[] out, int part) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int line = 0; line < 4 * groups; line++) {
            long group = (line >> 2) * (6 * LINE);
            long word = group + (2 + (line & 3)) * LINE;
            FloatVector a0 = FloatVector.fromMemorySegment(F, data, at0 + group, LITTLE_ENDIAN);
            FloatVector b0 = FloatVector.fromMemorySegment(F, data, at0 + group + LINE, LITTLE_ENDIAN);
            IntVector q0 = IntVector.fromMemorySegment(I, data, at0 + word, LITTLE_ENDIAN);
            FloatVector a1 = FloatVector.fromMemorySegment(F, data, at1 + group, LITTLE_ENDIAN);
            FloatVector b1 = FloatVector.fromMemorySegment(F, data, at1 + group + LINE, LITTLE_ENDIAN);
            IntVector q1 = IntVector.fromMemorySegment(I, data, at1 + word, LITTLE_ENDIAN);
            FloatVector a2 = FloatVector.fromMemorySegment(F, data, at2 + group, LITTLE_ENDIAN);
            FloatVector b2 = FloatVector.fromMemorySegment(F, data, at2 + group + LINE, LITTLE_ENDIAN);
            IntVector q2 = IntVector.fromMemorySegment(I, data, at2 + word, LITTLE_ENDIAN);
            FloatVector a3 = FloatVector.fromMemorySegment(F, data, at3 + group, LITTLE_ENDIAN);
            FloatVector b3 = FloatVector.fromMemorySegment(F, data, at3 + group + LINE, LITTLE_ENDIAN);
            IntVector q3 = IntVector.fromMemorySegment(I, data, at3 + word, LITTLE_ENDIAN);
            FloatVector x0 = FloatVector.broadcast(F, x[8 * line]);
            IntVector n = q0.lanewise(LSHL, 19).lanewise(AND, MASK).lanewise(OR, ONE);
            s0 = n.reinterpretAsFloats().fma(a0, b0).fma(x0, s0);
            n = q1.lanewise(LSHL, 19).lanewise(AND, MASK).lanewise(OR, ONE);
            s1 = n.reinterpretAsFloats().fma(a1, b1).fma(x0, s1);
            n = q2.lanewise(LSHL, 19).lanewise(AND, MASK).lanewise(OR, ONE);
            s2 = n.reinterpretAsFloats().fma(a2, b2).fma(x0, s2);
            n = q3.lanewise(LSHL, 19).lanewise(AND, MASK).lanewise(OR, ONE);
            s3 = n.reinterpretAsFloats().fma(a3, b3).fma(x0, s3);
            FloatVector x1 = FloatVector.broadcast(F, x[8 * line + 1]);
            n = q0.lanewise(LSHL, 15).lanewise(AND, MASK).lanewise(OR, ONE);
            s0 = n.reinterpretAsFloats().fma(a0, b0).fma(x1, s0);
            n = q1.lanewise(LSHL, 15).lanewise(AND, MASK).lanewise(OR, ONE);
            s1 = n.reinterpretAsFloats().fma(a1, b1).fma(x1, s1);
            n = q2.lanewise(LSHL, 15).lanewise(AND, MASK).lanewise(OR, ONE);
            s2 = n.reinterpretAsFloats().fma(a2, b2).fma(x1, s2);
            n = q3.lanewise(LSHL, 15).lanewise(AND, MASK).lanewise(OR, ONE);
            s3 = n.reinterpretAsFloats().fma(a3, b3).fma(x1, s3);
            FloatVector x2 = FloatVector.broadcast(F, x[8 * line + 2]);
            n = q0.lanewise(LSHL, 11).lanewise(AND, MASK).lanewise(OR, ONE);
            s0 = n.reinterpretAsFloats().fma(a0, b0).fma(x2, s0);
            n = q1.lanewise(LSHL, 11).lanewise(AND, MASK).lanewise(OR, ONE);
            s1 = n.reinterpretAsFloats().fma(a1, b1).fma(x2, s1);
            n = q2.lanewise(LSHL, 11).lanewise(AND, MASK).lanewise(OR, ONE);
            s2 = n.reinterpretAsFloats().fma(a2, b2).fma(x2, s2);
            n = q3.lanewise(LSHL, 11).lanewise(AND, MASK).lanewise(OR, ONE);
            s3 = n.reinterpretAsFloats().fma(a3, b3).fma(x2, s3);
            FloatVector x3 = FloatVector.broadcast(F, x[8 * line + 3]);
            n = q0.lanewise(LSHL, 7).lanewise(AND, MASK).lanewise(OR, ONE);
            s0 = n.reinterpretAsFloats().fma(a0, b0).fma(x3, s0);
            n = q1.lanewise(LSHL, 7).lanewise(AND, MASK).lanewise(OR, ONE);
            s1 = n.reinterpretAsFloats().fma(a1, b1).fma(x3, s1);
            n = q2.lanewise(LSHL, 7).lanewise(AND, MASK).lanewise(OR, ONE);
            s2 = n.reinterpretAsFloats().fma(a2, b2).fma(x3, s2);
            n = q3.lanewise(LSHL, 7).lanewise(AND, MASK).lanewise(OR, ONE);
            s3 = n.reinterpretAsFloats().fma(a3, b3).fma(x3, s3);
            FloatVector x4 = FloatVector.broadcast(F, x[8 * line + 4]);
            n = q0.lanewise(LSHL, 3).lanewise(AND, MASK).lanewise(OR, ONE);
            s0 = n.reinterpretAsFloats().fma(a0, b0).fma(x4, s0);
            n = q1.lanewise(LSHL, 3).lanewise(AND, MASK).lanewise(OR, ONE);
            s1 = n.reinterpretAsFloats().fma(a1, b1).fma(x4, s1);
            n = q2.lanewise(LSHL, 3).lanewise(AND, MASK).lanewise(OR, ONE);
            s2 = n.reinterpretAsFloats().fma(a2, b2).fma(x4, s2);
            n = q3.lanewise(LSHL, 3).lanewise(AND, MASK).lanewise(OR, ONE);
            s3 = n.reinterpretAsFloats().fma(a3, b3).fma(x4, s3);
            FloatVector x5 = FloatVector.broadcast(F, x[8 * line + 5]);
            n = q0.lanewise(LSHR, 1).lanewise(AND, MASK).lanewise(OR, ONE);
            s0 = n.reinterpretAsFloats().fma(a0, b0).fma(x5, s0);
            n = q1.lanewise(LSHR, 1).lanewise(AND, MASK).lanewise(OR, ONE);
            s1 = n.reinterpretAsFloats().fma(a1, b1).fma(x5, s1);
            n = q2.lanewise(LSHR, 1).lanewise(AND, MASK).lanewise(OR, ONE);
            s2 = n.reinterpretAsFloats().fma(a2, b2).fma(x5, s2);
            n = q3.lanewise(LSHR, 1).lanewise(AND, MASK).lanewise(OR, ONE);
            s3 = n.reinterpretAsFloats().fma(a3, b3).fma(x5, s3);
            FloatVector x6 = FloatVector.broadcast(F, x[8 * line + 6]);
            n = q0.lanewise(LSHR, 5).lanewise(AND, MASK).lanewise(OR, ONE);
            s0 = n.reinterpretAsFloats().fma(a0, b0).fma(x6, s0);
            n = q1.lanewise(LSHR, 5).lanewise(AND, MASK).lanewise(OR, ONE);
            s1 = n.reinterpretAsFloats().fma(a1, b1).fma(x6, s1);
            n = q2.lanewise(LSHR, 5).lanewise(AND, MASK).lanewise(OR, ONE);
            s2 = n.reinterpretAsFloats().fma(a2, b2).fma(x6, s2);
            n = q3.lanewise(LSHR, 5).lanewise(AND, MASK).lanewise(OR, ONE);
            s3 = n.reinterpretAsFloats().fma(a3, b3).fma(x6, s3);
            FloatVector x7 = FloatVector.broadcast(F, x[8 * line + 7]);
            n = q0.lanewise(LSHR, 9).lanewise(AND, MASK).lanewise(OR, ONE);
            s0 = n.reinterpretAsFloats().fma(a0, b0).fma(x7, s0);
            n = q1.lanewise(LSHR, 9).lanewise(AND, MASK).lanewise(OR, ONE);
            s1 = n.reinterpretAsFloats().fma(a1, b1).fma(x7, s1);
            n = q2.lanewise(LSHR, 9).lanewise(AND, MASK).lanewise(OR, ONE);
            s2 = n.reinterpretAsFloats().fma(a2, b2).fma(x7, s2);
            n = q3.lanewise(LSHR, 9).lanewise(AND, MASK).lanewise(OR, ONE);
            s3 = n.reinterpretAsFloats().fma(a3, b3).fma(x7, s3);
        }
        s0.intoArray(out, part);
        s1.intoArray(out, part + 16);
        s2.intoArray(out, part + 32);
        s3.intoArray(out, part + 48);
    }

    /// Groups of `1 << shift` lines.
    private static void int8(
            MemorySegment data,
            long at0,
            long at1,
            long at2,
            long at3,
            int lines,
            int shift,
            float[] x,
            float[] out,
            int part) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int line = 0; line < lines; line++) {
            long at = (line + (line >> shift)) * LINE;
            long group = at - (line & ((1 << shift) - 1)) * LINE;
            long word = at + LINE;
            FloatVector d0 = FloatVector.fromMemorySegment(F, data, at0 + group, LITTLE_ENDIAN);
            IntVector q0 = IntVector.fromMemorySegment(I, data, at0 + word, LITTLE_ENDIAN);
            FloatVector d1 = FloatVector.fromMemorySegment(F, data, at1 + group, LITTLE_ENDIAN);
            IntVector q1 = IntVector.fromMemorySegment(I, data, at1 + word, LITTLE_ENDIAN);
            FloatVector d2 = FloatVector.fromMemorySegment(F, data, at2 + group, LITTLE_ENDIAN);
            IntVector q2 = IntVector.fromMemorySegment(I, data, at2 + word, LITTLE_ENDIAN);
            FloatVector d3 = FloatVector.fromMemorySegment(F, data, at3 + group, LITTLE_ENDIAN);
            IntVector q3 = IntVector.fromMemorySegment(I, data, at3 + word, LITTLE_ENDIAN);
            FloatVector x0 = FloatVector.broadcast(F, x[4 * line]);
            FloatVector w =
                    (FloatVector) q0.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
            s0 = w.mul(d0).fma(x0, s0);
            w = (FloatVector) q1.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
            s1 = w.mul(d1).fma(x0, s1);
            w = (FloatVector) q2.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
            s2 = w.mul(d2).fma(x0, s2);
            w = (FloatVector) q3.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
            s3 = w.mul(d3).fma(x0, s3);
            FloatVector x1 = FloatVector.broadcast(F, x[4 * line + 1]);
            w = (FloatVector) q0.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
            s0 = w.mul(d0).fma(x1, s0);
            w = (FloatVector) q1.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
            s1 = w.mul(d1).fma(x1, s1);
            w = (FloatVector) q2.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
            s2 = w.mul(d2).fma(x1, s2);
            w = (FloatVector) q3.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
            s3 = w.mul(d3).fma(x1, s3);
            FloatVector x2 = FloatVector.broadcast(F, x[4 * line + 2]);
            w = (FloatVector) q0.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
            s0 = w.mul(d0).fma(x2, s0);
            w = (FloatVector) q1.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
            s1 = w.mul(d1).fma(x2, s1);
            w = (FloatVector) q2.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
            s2 = w.mul(d2).fma(x2, s2);
            w = (FloatVector) q3.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
            s3 = w.mul(d3).fma(x2, s3);
            FloatVector x3 = FloatVector.broadcast(F, x[4 * line + 3]);
            w = (FloatVector) q0.lanewise(ASHR, 24).convert(I2F, 0);
            s0 = w.mul(d0).fma(x3, s0);
            w = (FloatVector) q1.lanewise(ASHR, 24).convert(I2F, 0);
            s1 = w.mul(d1).fma(x3, s1);
            w = (FloatVector) q2.lanewise(ASHR, 24).convert(I2F, 0);
            s2 = w.mul(d2).fma(x3, s2);
            w = (FloatVector) q3.lanewise(ASHR, 24).convert(I2F, 0);
            s3 = w.mul(d3).fma(x3, s3);
        }
        s0.intoArray(out, part);
        s1.intoArray(out, part + 16);
        s2.intoArray(out, part + 32);
        s3.intoArray(out, part + 48);
    }

    private static void bf16(
            MemorySegment data, long at0, long at1, long at2, long at3, int groups, float[] x, float[] out, int part) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int group = 0; group < groups; group++) {
            long line = group * LINE;
            IntVector q0 = IntVector.fromMemorySegment(I, data, at0 + line, LITTLE_ENDIAN);
            IntVector q1 = IntVector.fromMemorySegment(I, data, at1 + line, LITTLE_ENDIAN);
            IntVector q2 = IntVector.fromMemorySegment(I, data, at2 + line, LITTLE_ENDIAN);
            IntVector q3 = IntVector.fromMemorySegment(I, data, at3 + line, LITTLE_ENDIAN);
            FloatVector x0 = FloatVector.broadcast(F, x[2 * group]);
            FloatVector w = q0.lanewise(LSHL, 16).reinterpretAsFloats();
            s0 = w.fma(x0, s0);
            w = q1.lanewise(LSHL, 16).reinterpretAsFloats();
            s1 = w.fma(x0, s1);
            w = q2.lanewise(LSHL, 16).reinterpretAsFloats();
            s2 = w.fma(x0, s2);
            w = q3.lanewise(LSHL, 16).reinterpretAsFloats();
            s3 = w.fma(x0, s3);
            FloatVector x1 = FloatVector.broadcast(F, x[2 * group + 1]);
            w = q0.lanewise(AND, UPPER).reinterpretAsFloats();
            s0 = w.fma(x1, s0);
            w = q1.lanewise(AND, UPPER).reinterpretAsFloats();
            s1 = w.fma(x1, s1);
            w = q2.lanewise(AND, UPPER).reinterpretAsFloats();
            s2 = w.fma(x1, s2);
            w = q3.lanewise(AND, UPPER).reinterpretAsFloats();
            s3 = w.fma(x1, s3);
        }
        s0.intoArray(out, part);
        s1.intoArray(out, part + 16);
        s2.intoArray(out, part + 32);
        s3.intoArray(out, part + 48);
    }

    private static void f16(
            MemorySegment data, long at0, long at1, long at2, long at3, int groups, float[] x, float[] out, int part) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int group = 0; group < groups; group++) {
            long line = group * LINE;
            IntVector q0 = IntVector.fromMemorySegment(I, data, at0 + line, LITTLE_ENDIAN);
            IntVector q1 = IntVector.fromMemorySegment(I, data, at1 + line, LITTLE_ENDIAN);
            IntVector q2 = IntVector.fromMemorySegment(I, data, at2 + line, LITTLE_ENDIAN);
            IntVector q3 = IntVector.fromMemorySegment(I, data, at3 + line, LITTLE_ENDIAN);
            FloatVector x0 = FloatVector.broadcast(F, x[2 * group]);
            FloatVector w =
                    q0.lanewise(LSHL, 16).lanewise(ASHR, 3).lanewise(AND, HALF).reinterpretAsFloats();
            s0 = w.mul(REBIAS).fma(x0, s0);
            w = q1.lanewise(LSHL, 16).lanewise(ASHR, 3).lanewise(AND, HALF).reinterpretAsFloats();
            s1 = w.mul(REBIAS).fma(x0, s1);
            w = q2.lanewise(LSHL, 16).lanewise(ASHR, 3).lanewise(AND, HALF).reinterpretAsFloats();
            s2 = w.mul(REBIAS).fma(x0, s2);
            w = q3.lanewise(LSHL, 16).lanewise(ASHR, 3).lanewise(AND, HALF).reinterpretAsFloats();
            s3 = w.mul(REBIAS).fma(x0, s3);
            FloatVector x1 = FloatVector.broadcast(F, x[2 * group + 1]);
            w = q0.lanewise(ASHR, 3).lanewise(AND, HALF).reinterpretAsFloats();
            s0 = w.mul(REBIAS).fma(x1, s0);
            w = q1.lanewise(ASHR, 3).lanewise(AND, HALF).reinterpretAsFloats();
            s1 = w.mul(REBIAS).fma(x1, s1);
            w = q2.lanewise(ASHR, 3).lanewise(AND, HALF).reinterpretAsFloats();
            s2 = w.mul(REBIAS).fma(x1, s2);
            w = q3.lanewise(ASHR, 3).lanewise(AND, HALF).reinterpretAsFloats();
            s3 = w.mul(REBIAS).fma(x1, s3);
        }
        s0.intoArray(out, part);
        s1.intoArray(out, part + 16);
        s2.intoArray(out, part + 32);
        s3.intoArray(out, part + 48);
    }

    private static void f32(
            MemorySegment data, long at0, long at1, long at2, long at3, int groups, float[] x, float[] out, int part) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int column = 0; column < groups; column++) {
            long line = column * LINE;
            FloatVector x0 = FloatVector.broadcast(F, x[column]);
            s0 = FloatVector.fromMemorySegment(F, data, at0 + line, LITTLE_ENDIAN)
                    .fma(x0, s0);
            s1 = FloatVector.fromMemorySegment(F, data, at1 + line, LITTLE_ENDIAN)
                    .fma(x0, s1);
            s2 = FloatVector.fromMemorySegment(F, data, at2 + line, LITTLE_ENDIAN)
                    .fma(x0, s2);
            s3 = FloatVector.fromMemorySegment(F, data, at3 + line, LITTLE_ENDIAN)
                    .fma(x0, s3);
        }
        s0.intoArray(out, part);
        s1.intoArray(out, part + 16);
        s2.intoArray(out, part + 32);
        s3.intoArray(out, part + 48);
    }
}
