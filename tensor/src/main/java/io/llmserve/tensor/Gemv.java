package io.llmserve.tensor;

import static io.llmserve.tensor.PanelUnpacker.floats;
import static io.llmserve.tensor.PanelUnpacker.highBf16;
import static io.llmserve.tensor.PanelUnpacker.highF16;
import static io.llmserve.tensor.PanelUnpacker.lowBf16;
import static io.llmserve.tensor.PanelUnpacker.lowF16;
import static io.llmserve.tensor.PanelUnpacker.words;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// One row of x against three blocks of weights, dequantised in registers. Three, because each block is one
/// chain of fma with a latency of four cycles, and there is other work to fill the gap; blocks may be the same.
final class Gemv {
    static final int BLOCKS = 3;

    private static final int L = Lanes.COUNT;
    private static final int LINE = WeightFormat.LINE_BYTES;
    private static final IntVector LOW_NIBBLE = IntVector.broadcast(Lanes.INT, 15);

    private Gemv() {}

    /// Blocks at byte offsets `at0`, `at1`, `at2` of the band; sums to `out[0 .. 48]`.
    static void three(PackedBand band, long at0, long at1, long at2, float[] x, float[] out) {
        MemorySegment data = band.data();
        int groups = band.groups();
        for (int part = 0; part < WeightFormat.BLOCK_ROWS; part += L) {
            long a = at0 + part * 4L;
            long b = at1 + part * 4L;
            long c = at2 + part * 4L;
            switch (band.format()) {
                case INT4 -> int4(data, a, b, c, groups, x, out, part);
                case INT8 -> int8(data, a, b, c, 8 * groups, 3, x, out, part);
                case INT8_16 -> int8(data, a, b, c, 4 * groups, 2, x, out, part);
                case BF16 -> bf16(data, a, b, c, groups, x, out, part);
                case F16 -> f16(data, a, b, c, groups, x, out, part);
                case F32 -> f32(data, a, b, c, groups, x, out, part);
            }
        }
    }

    private static void int4(MemorySegment data, long a, long b, long c, int groups, float[] x, float[] out, int part) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        for (int line = 0; line < 4 * groups; line++) {
            long group = (line >> 2) * (6L * LINE);
            long at = group + (2 + (line & 3)) * (long) LINE;
            FloatVector d0 = floats(data, a + group);
            FloatVector d1 = floats(data, b + group);
            FloatVector d2 = floats(data, c + group);
            FloatVector m0 = floats(data, a + group + LINE);
            FloatVector m1 = floats(data, b + group + LINE);
            FloatVector m2 = floats(data, c + group + LINE);
            IntVector q0 = words(data, a + at);
            IntVector q1 = words(data, b + at);
            IntVector q2 = words(data, c + at);
            for (int k = 8 * line; k < 8 * line + 8; k += 4) {
                for (int i = 0; i < 4; i++) {
                    FloatVector value = Lanes.splat(x[k + i]);
                    s0 = nibble(q0, d0, m0).fma(value, s0);
                    s1 = nibble(q1, d1, m1).fma(value, s1);
                    s2 = nibble(q2, d2, m2).fma(value, s2);
                    q0 = q0.lanewise(LSHR, 4);
                    q1 = q1.lanewise(LSHR, 4);
                    q2 = q2.lanewise(LSHR, 4);
                }
            }
        }
        store(s0, s1, s2, out, part);
    }

    /// Groups of `1 << shift` lines.
    private static void int8(
            MemorySegment data, long a, long b, long c, int lines, int shift, float[] x, float[] out, int part) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        for (int line = 0; line < lines; line++) {
            long at = (line + (line >> shift)) * (long) LINE;
            long group = at - (line & ((1 << shift) - 1)) * (long) LINE;
            FloatVector d0 = floats(data, a + group);
            FloatVector d1 = floats(data, b + group);
            FloatVector d2 = floats(data, c + group);
            IntVector q0 = words(data, a + at + LINE);
            IntVector q1 = words(data, b + at + LINE);
            IntVector q2 = words(data, c + at + LINE);
            for (int i = 0; i < 4; i++) {
                FloatVector value = Lanes.splat(x[4 * line + i]);
                s0 = octet(q0, d0).fma(value, s0);
                s1 = octet(q1, d1).fma(value, s1);
                s2 = octet(q2, d2).fma(value, s2);
                q0 = q0.lanewise(LSHR, 8);
                q1 = q1.lanewise(LSHR, 8);
                q2 = q2.lanewise(LSHR, 8);
            }
        }
        store(s0, s1, s2, out, part);
    }

    private static void bf16(MemorySegment data, long a, long b, long c, int groups, float[] x, float[] out, int part) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        for (int group = 0; group < groups; group++) {
            long line = (long) group * LINE;
            IntVector q0 = words(data, a + line);
            IntVector q1 = words(data, b + line);
            IntVector q2 = words(data, c + line);
            FloatVector x0 = Lanes.splat(x[2 * group]);
            s0 = lowBf16(q0).fma(x0, s0);
            s1 = lowBf16(q1).fma(x0, s1);
            s2 = lowBf16(q2).fma(x0, s2);
            FloatVector x1 = Lanes.splat(x[2 * group + 1]);
            s0 = highBf16(q0).fma(x1, s0);
            s1 = highBf16(q1).fma(x1, s1);
            s2 = highBf16(q2).fma(x1, s2);
        }
        store(s0, s1, s2, out, part);
    }

    private static void f16(MemorySegment data, long a, long b, long c, int groups, float[] x, float[] out, int part) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        for (int group = 0; group < groups; group++) {
            long line = (long) group * LINE;
            IntVector q0 = words(data, a + line);
            IntVector q1 = words(data, b + line);
            IntVector q2 = words(data, c + line);
            FloatVector x0 = Lanes.splat(x[2 * group]);
            s0 = lowF16(q0).fma(x0, s0);
            s1 = lowF16(q1).fma(x0, s1);
            s2 = lowF16(q2).fma(x0, s2);
            FloatVector x1 = Lanes.splat(x[2 * group + 1]);
            s0 = highF16(q0).fma(x1, s0);
            s1 = highF16(q1).fma(x1, s1);
            s2 = highF16(q2).fma(x1, s2);
        }
        store(s0, s1, s2, out, part);
    }

    private static void f32(MemorySegment data, long a, long b, long c, int groups, float[] x, float[] out, int part) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        for (int column = 0; column < groups; column++) {
            long line = (long) column * LINE;
            FloatVector x0 = Lanes.splat(x[column]);
            s0 = floats(data, a + line).fma(x0, s0);
            s1 = floats(data, b + line).fma(x0, s1);
            s2 = floats(data, c + line).fma(x0, s2);
        }
        store(s0, s1, s2, out, part);
    }

    /// `fma(scale, word & 15, minimum)`
    private static FloatVector nibble(IntVector word, FloatVector scale, FloatVector minimum) {
        return ((FloatVector) word.lanewise(AND, LOW_NIBBLE).convert(I2F, 0)).fma(scale, minimum);
    }

    /// `scale *` the signed low byte.
    private static FloatVector octet(IntVector word, FloatVector scale) {
        return ((FloatVector) word.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0)).mul(scale);
    }

    private static void store(FloatVector s0, FloatVector s1, FloatVector s2, float[] out, int part) {
        s0.intoArray(out, part);
        s1.intoArray(out, WeightFormat.BLOCK_ROWS + part);
        s2.intoArray(out, 2 * WeightFormat.BLOCK_ROWS + part);
    }
}
