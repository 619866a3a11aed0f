package io.llmserve.tensor;

import static io.llmserve.tensor.PanelUnpacker.floats;
import static io.llmserve.tensor.PanelUnpacker.highBf16;
import static io.llmserve.tensor.PanelUnpacker.highF16;
import static io.llmserve.tensor.PanelUnpacker.lowBf16;
import static io.llmserve.tensor.PanelUnpacker.lowF16;
import static io.llmserve.tensor.PanelUnpacker.nibble;
import static io.llmserve.tensor.PanelUnpacker.octet;
import static io.llmserve.tensor.PanelUnpacker.words;
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
                case INT8 -> int8(data, a, b, c, groups, 8, x, out, part);
                case INT8_16 -> int8(data, a, b, c, groups, 4, x, out, part);
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
        for (int group = 0; group < groups; group++) {
            long line = (long) group * 6 * LINE;
            FloatVector d0 = floats(data, a + line);
            FloatVector d1 = floats(data, b + line);
            FloatVector d2 = floats(data, c + line);
            FloatVector m0 = floats(data, a + line + LINE);
            FloatVector m1 = floats(data, b + line + LINE);
            FloatVector m2 = floats(data, c + line + LINE);
            for (int half = 0; half < 2; half++) {
                for (int j = 0; j < 4; j++) {
                    long at = line + (2L + j) * LINE;
                    int column = group * 32 + half * 16 + 4 * j;
                    IntVector q0 = words(data, a + at).lanewise(LSHR, 4 * half);
                    IntVector q1 = words(data, b + at).lanewise(LSHR, 4 * half);
                    IntVector q2 = words(data, c + at).lanewise(LSHR, 4 * half);
                    FloatVector x0 = Lanes.splat(x[column + 0]);
                    s0 = nibble(q0, 0, d0, m0).fma(x0, s0);
                    s1 = nibble(q1, 0, d1, m1).fma(x0, s1);
                    s2 = nibble(q2, 0, d2, m2).fma(x0, s2);
                    FloatVector x1 = Lanes.splat(x[column + 1]);
                    s0 = nibble(q0, 8, d0, m0).fma(x1, s0);
                    s1 = nibble(q1, 8, d1, m1).fma(x1, s1);
                    s2 = nibble(q2, 8, d2, m2).fma(x1, s2);
                    FloatVector x2 = Lanes.splat(x[column + 2]);
                    s0 = nibble(q0, 16, d0, m0).fma(x2, s0);
                    s1 = nibble(q1, 16, d1, m1).fma(x2, s1);
                    s2 = nibble(q2, 16, d2, m2).fma(x2, s2);
                    FloatVector x3 = Lanes.splat(x[column + 3]);
                    s0 = nibble(q0, 24, d0, m0).fma(x3, s0);
                    s1 = nibble(q1, 24, d1, m1).fma(x3, s1);
                    s2 = nibble(q2, 24, d2, m2).fma(x3, s2);
                }
            }
        }
        store(s0, s1, s2, out, part);
    }

    private static void int8(
            MemorySegment data, long a, long b, long c, int groups, int lines, float[] x, float[] out, int part) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        int column = 0;
        for (int group = 0; group < groups; group++) {
            long line = (long) group * (lines + 1) * LINE;
            FloatVector d0 = floats(data, a + line);
            FloatVector d1 = floats(data, b + line);
            FloatVector d2 = floats(data, c + line);
            for (int j = 0; j < lines; j++) {
                line += LINE;
                IntVector q0 = words(data, a + line);
                IntVector q1 = words(data, b + line);
                IntVector q2 = words(data, c + line);
                FloatVector x0 = Lanes.splat(x[column + 0]);
                s0 = octet(q0, 24, d0).fma(x0, s0);
                s1 = octet(q1, 24, d1).fma(x0, s1);
                s2 = octet(q2, 24, d2).fma(x0, s2);
                FloatVector x1 = Lanes.splat(x[column + 1]);
                s0 = octet(q0, 16, d0).fma(x1, s0);
                s1 = octet(q1, 16, d1).fma(x1, s1);
                s2 = octet(q2, 16, d2).fma(x1, s2);
                FloatVector x2 = Lanes.splat(x[column + 2]);
                s0 = octet(q0, 8, d0).fma(x2, s0);
                s1 = octet(q1, 8, d1).fma(x2, s1);
                s2 = octet(q2, 8, d2).fma(x2, s2);
                FloatVector x3 = Lanes.splat(x[column + 3]);
                s0 = octet(q0, 0, d0).fma(x3, s0);
                s1 = octet(q1, 0, d1).fma(x3, s1);
                s2 = octet(q2, 0, d2).fma(x3, s2);
                column += 4;
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

    private static void store(FloatVector s0, FloatVector s1, FloatVector s2, float[] out, int part) {
        s0.intoArray(out, part);
        s1.intoArray(out, WeightFormat.BLOCK_ROWS + part);
        s2.intoArray(out, 2 * WeightFormat.BLOCK_ROWS + part);
    }
}
