package io.llmserve.tensor;

import static io.llmserve.tensor.PanelUnpacker.floats;
import static io.llmserve.tensor.PanelUnpacker.highBf16;
import static io.llmserve.tensor.PanelUnpacker.highF16;
import static io.llmserve.tensor.PanelUnpacker.lowBf16;
import static io.llmserve.tensor.PanelUnpacker.lowF16;
import static io.llmserve.tensor.PanelUnpacker.nibble;
import static io.llmserve.tensor.PanelUnpacker.words;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// One row of x against two blocks of weights, dequantised in registers. Two, because each block is one chain of
/// fma with a latency of four cycles, and unpacking fills the gap; blocks may be the same. More would read more
/// at once, but the compiler inlines no more of it.
final class Gemv {
    private static final int L = Lanes.COUNT;
    private static final int LINE = WeightFormat.LINE_BYTES;

    private Gemv() {}

    /// Blocks at byte offsets `at0` and `at1` of the band; sums to `out[0 .. 32]`.
    static void two(PackedBand band, long at0, long at1, float[] x, float[] out) {
        MemorySegment data = band.data();
        int groups = band.groups();
        for (int part = 0; part < WeightFormat.BLOCK_ROWS; part += L) {
            long a = at0 + part * 4L;
            long b = at1 + part * 4L;
            switch (band.format()) {
                case INT4 -> int4(data, a, b, groups, x, out, part);
                case INT8 -> int8(data, a, b, 8 * groups, 3, x, out, part);
                case INT8_16 -> int8(data, a, b, 4 * groups, 2, x, out, part);
                case BF16 -> bf16(data, a, b, groups, x, out, part);
                case F16 -> f16(data, a, b, groups, x, out, part);
                case F32 -> f32(data, a, b, groups, x, out, part);
            }
        }
    }

    private static void int4(MemorySegment data, long at0, long at1, int groups, float[] x, float[] out, int part) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        for (int line = 0; line < 4 * groups; line++) {
            long group = (line >> 2) * (6L * LINE);
            long word = group + (2 + (line & 3)) * (long) LINE;
            FloatVector a0 = floats(data, at0 + group);
            FloatVector a1 = floats(data, at1 + group);
            FloatVector b0 = floats(data, at0 + group + LINE);
            FloatVector b1 = floats(data, at1 + group + LINE);
            IntVector q0 = words(data, at0 + word);
            IntVector q1 = words(data, at1 + word);
            for (int k = 8 * line; k < 8 * line + 8; k += 2) {
                FloatVector x0 = Lanes.splat(x[k]);
                s0 = nibble(q0, 19, a0, b0).fma(x0, s0);
                s1 = nibble(q1, 19, a1, b1).fma(x0, s1);
                FloatVector x1 = Lanes.splat(x[k + 1]);
                s0 = nibble(q0, 15, a0, b0).fma(x1, s0);
                s1 = nibble(q1, 15, a1, b1).fma(x1, s1);
                q0 = q0.lanewise(LSHR, 8);
                q1 = q1.lanewise(LSHR, 8);
            }
        }
        store(s0, s1, out, part);
    }

    /// Groups of `1 << shift` lines.
    private static void int8(
            MemorySegment data, long a, long b, int lines, int shift, float[] x, float[] out, int part) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        for (int line = 0; line < lines; line++) {
            long at = (line + (line >> shift)) * (long) LINE;
            long group = at - (line & ((1 << shift) - 1)) * (long) LINE;
            FloatVector d0 = floats(data, a + group);
            FloatVector d1 = floats(data, b + group);
            IntVector q0 = words(data, a + at + LINE);
            IntVector q1 = words(data, b + at + LINE);
            for (int i = 0; i < 4; i++) {
                FloatVector value = Lanes.splat(x[4 * line + i]);
                s0 = octet(q0, d0).fma(value, s0);
                s1 = octet(q1, d1).fma(value, s1);
                q0 = q0.lanewise(LSHR, 8);
                q1 = q1.lanewise(LSHR, 8);
            }
        }
        store(s0, s1, out, part);
    }

    private static void bf16(MemorySegment data, long a, long b, int groups, float[] x, float[] out, int part) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        for (int group = 0; group < groups; group++) {
            long line = (long) group * LINE;
            IntVector q0 = words(data, a + line);
            IntVector q1 = words(data, b + line);
            FloatVector x0 = Lanes.splat(x[2 * group]);
            s0 = lowBf16(q0).fma(x0, s0);
            s1 = lowBf16(q1).fma(x0, s1);
            FloatVector x1 = Lanes.splat(x[2 * group + 1]);
            s0 = highBf16(q0).fma(x1, s0);
            s1 = highBf16(q1).fma(x1, s1);
        }
        store(s0, s1, out, part);
    }

    private static void f16(MemorySegment data, long a, long b, int groups, float[] x, float[] out, int part) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        for (int group = 0; group < groups; group++) {
            long line = (long) group * LINE;
            IntVector q0 = words(data, a + line);
            IntVector q1 = words(data, b + line);
            FloatVector x0 = Lanes.splat(x[2 * group]);
            s0 = lowF16(q0).fma(x0, s0);
            s1 = lowF16(q1).fma(x0, s1);
            FloatVector x1 = Lanes.splat(x[2 * group + 1]);
            s0 = highF16(q0).fma(x1, s0);
            s1 = highF16(q1).fma(x1, s1);
        }
        store(s0, s1, out, part);
    }

    private static void f32(MemorySegment data, long a, long b, int groups, float[] x, float[] out, int part) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        for (int column = 0; column < groups; column++) {
            long line = (long) column * LINE;
            FloatVector x0 = Lanes.splat(x[column]);
            s0 = floats(data, a + line).fma(x0, s0);
            s1 = floats(data, b + line).fma(x0, s1);
        }
        store(s0, s1, out, part);
    }

    /// `scale *` the signed low byte.
    private static FloatVector octet(IntVector word, FloatVector scale) {
        return ((FloatVector) word.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0)).mul(scale);
    }

    private static void store(FloatVector s0, FloatVector s1, float[] out, int part) {
        s0.intoArray(out, part);
        s1.intoArray(out, WeightFormat.BLOCK_ROWS + part);
    }
}
