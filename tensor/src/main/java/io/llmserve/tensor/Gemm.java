package io.llmserve.tensor;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// `y[m, n] = fma chain over k` for tiles of rows by 32 outputs, weights unpacked to a panel `[k][32]` that
/// stays in the nearest cache. A chain that is longer than the panel goes on from y, which changes no bit.
final class Gemm {
    static final int PANEL_OUTPUTS = KernelSet.MATRIX_BLOCKS * WeightFormat.BLOCK_ROWS;
    /// Columns of a panel: 24 KiB.
    static final int PANEL_COLUMNS = 192;
    /// Bytes of one column of the panel.
    static final long COLUMN_BYTES = 4L * PANEL_OUTPUTS;

    private static final VectorSpecies<Float> F = Lanes.FLOAT;
    private static final int L = Lanes.COUNT;
    /// AVX2 has 16 vector registers; AVX-512 and NEON have 32.
    private static final boolean WIDE_TILE = L != 8;

    private Gemm() {}

    /// Adds `depth` columns: x `[rows, xStride]` from `xAt`, y `[rows, 32]`.
    static void accumulate(MemorySegment panel, int depth, float[] x, int xAt, int xStride, float[] y, int rows) {
        for (int c = 0; c < PANEL_OUTPUTS; c += 2 * L) {
            int row = 0;
            if (WIDE_TILE) {
                for (; row + 8 <= rows; row += 8) {
                    tile8(panel, 4L * c, depth, x, xAt + row * xStride, xStride, y, row * PANEL_OUTPUTS + c);
                }
            }
            for (; row + 4 <= rows; row += 4) {
                tile4(panel, 4L * c, depth, x, xAt + row * xStride, xStride, y, row * PANEL_OUTPUTS + c);
            }
            if (row + 2 <= rows) {
                tile2(panel, 4L * c, depth, x, xAt + row * xStride, xStride, y, row * PANEL_OUTPUTS + c);
                row += 2;
            }
            if (row < rows) {
                tile1(panel, 4L * c, depth, x, xAt + row * xStride, y, row * PANEL_OUTPUTS + c);
            }
        }
    }

    private static void tile8(
            MemorySegment panel, long c, int depth, float[] x, int xAt, int xStride, float[] y, int yAt) {
        FloatVector a0 = load(y, yAt);
        FloatVector b0 = load(y, yAt + L);
        FloatVector a1 = load(y, yAt + PANEL_OUTPUTS);
        FloatVector b1 = load(y, yAt + PANEL_OUTPUTS + L);
        FloatVector a2 = load(y, yAt + 2 * PANEL_OUTPUTS);
        FloatVector b2 = load(y, yAt + 2 * PANEL_OUTPUTS + L);
        FloatVector a3 = load(y, yAt + 3 * PANEL_OUTPUTS);
        FloatVector b3 = load(y, yAt + 3 * PANEL_OUTPUTS + L);
        FloatVector a4 = load(y, yAt + 4 * PANEL_OUTPUTS);
        FloatVector b4 = load(y, yAt + 4 * PANEL_OUTPUTS + L);
        FloatVector a5 = load(y, yAt + 5 * PANEL_OUTPUTS);
        FloatVector b5 = load(y, yAt + 5 * PANEL_OUTPUTS + L);
        FloatVector a6 = load(y, yAt + 6 * PANEL_OUTPUTS);
        FloatVector b6 = load(y, yAt + 6 * PANEL_OUTPUTS + L);
        FloatVector a7 = load(y, yAt + 7 * PANEL_OUTPUTS);
        FloatVector b7 = load(y, yAt + 7 * PANEL_OUTPUTS + L);
        for (int k = 0; k < depth; k++) {
            FloatVector wa = panel(panel, k * COLUMN_BYTES + c);
            FloatVector wb = panel(panel, k * COLUMN_BYTES + c + 4L * L);
            FloatVector x0 = splat(x[xAt + k]);
            a0 = wa.fma(x0, a0);
            b0 = wb.fma(x0, b0);
            FloatVector x1 = splat(x[xAt + xStride + k]);
            a1 = wa.fma(x1, a1);
            b1 = wb.fma(x1, b1);
            FloatVector x2 = splat(x[xAt + 2 * xStride + k]);
            a2 = wa.fma(x2, a2);
            b2 = wb.fma(x2, b2);
            FloatVector x3 = splat(x[xAt + 3 * xStride + k]);
            a3 = wa.fma(x3, a3);
            b3 = wb.fma(x3, b3);
            FloatVector x4 = splat(x[xAt + 4 * xStride + k]);
            a4 = wa.fma(x4, a4);
            b4 = wb.fma(x4, b4);
            FloatVector x5 = splat(x[xAt + 5 * xStride + k]);
            a5 = wa.fma(x5, a5);
            b5 = wb.fma(x5, b5);
            FloatVector x6 = splat(x[xAt + 6 * xStride + k]);
            a6 = wa.fma(x6, a6);
            b6 = wb.fma(x6, b6);
            FloatVector x7 = splat(x[xAt + 7 * xStride + k]);
            a7 = wa.fma(x7, a7);
            b7 = wb.fma(x7, b7);
        }
        a0.intoArray(y, yAt);
        b0.intoArray(y, yAt + L);
        a1.intoArray(y, yAt + PANEL_OUTPUTS);
        b1.intoArray(y, yAt + PANEL_OUTPUTS + L);
        a2.intoArray(y, yAt + 2 * PANEL_OUTPUTS);
        b2.intoArray(y, yAt + 2 * PANEL_OUTPUTS + L);
        a3.intoArray(y, yAt + 3 * PANEL_OUTPUTS);
        b3.intoArray(y, yAt + 3 * PANEL_OUTPUTS + L);
        a4.intoArray(y, yAt + 4 * PANEL_OUTPUTS);
        b4.intoArray(y, yAt + 4 * PANEL_OUTPUTS + L);
        a5.intoArray(y, yAt + 5 * PANEL_OUTPUTS);
        b5.intoArray(y, yAt + 5 * PANEL_OUTPUTS + L);
        a6.intoArray(y, yAt + 6 * PANEL_OUTPUTS);
        b6.intoArray(y, yAt + 6 * PANEL_OUTPUTS + L);
        a7.intoArray(y, yAt + 7 * PANEL_OUTPUTS);
        b7.intoArray(y, yAt + 7 * PANEL_OUTPUTS + L);
    }

    private static void tile4(
            MemorySegment panel, long c, int depth, float[] x, int xAt, int xStride, float[] y, int yAt) {
        FloatVector a0 = load(y, yAt);
        FloatVector b0 = load(y, yAt + L);
        FloatVector a1 = load(y, yAt + PANEL_OUTPUTS);
        FloatVector b1 = load(y, yAt + PANEL_OUTPUTS + L);
        FloatVector a2 = load(y, yAt + 2 * PANEL_OUTPUTS);
        FloatVector b2 = load(y, yAt + 2 * PANEL_OUTPUTS + L);
        FloatVector a3 = load(y, yAt + 3 * PANEL_OUTPUTS);
        FloatVector b3 = load(y, yAt + 3 * PANEL_OUTPUTS + L);
        for (int k = 0; k < depth; k++) {
            FloatVector wa = panel(panel, k * COLUMN_BYTES + c);
            FloatVector wb = panel(panel, k * COLUMN_BYTES + c + 4L * L);
            FloatVector x0 = splat(x[xAt + k]);
            a0 = wa.fma(x0, a0);
            b0 = wb.fma(x0, b0);
            FloatVector x1 = splat(x[xAt + xStride + k]);
            a1 = wa.fma(x1, a1);
            b1 = wb.fma(x1, b1);
            FloatVector x2 = splat(x[xAt + 2 * xStride + k]);
            a2 = wa.fma(x2, a2);
            b2 = wb.fma(x2, b2);
            FloatVector x3 = splat(x[xAt + 3 * xStride + k]);
            a3 = wa.fma(x3, a3);
            b3 = wb.fma(x3, b3);
        }
        a0.intoArray(y, yAt);
        b0.intoArray(y, yAt + L);
        a1.intoArray(y, yAt + PANEL_OUTPUTS);
        b1.intoArray(y, yAt + PANEL_OUTPUTS + L);
        a2.intoArray(y, yAt + 2 * PANEL_OUTPUTS);
        b2.intoArray(y, yAt + 2 * PANEL_OUTPUTS + L);
        a3.intoArray(y, yAt + 3 * PANEL_OUTPUTS);
        b3.intoArray(y, yAt + 3 * PANEL_OUTPUTS + L);
    }

    private static void tile2(
            MemorySegment panel, long c, int depth, float[] x, int xAt, int xStride, float[] y, int yAt) {
        FloatVector a0 = load(y, yAt);
        FloatVector b0 = load(y, yAt + L);
        FloatVector a1 = load(y, yAt + PANEL_OUTPUTS);
        FloatVector b1 = load(y, yAt + PANEL_OUTPUTS + L);
        for (int k = 0; k < depth; k++) {
            FloatVector wa = panel(panel, k * COLUMN_BYTES + c);
            FloatVector wb = panel(panel, k * COLUMN_BYTES + c + 4L * L);
            FloatVector x0 = splat(x[xAt + k]);
            a0 = wa.fma(x0, a0);
            b0 = wb.fma(x0, b0);
            FloatVector x1 = splat(x[xAt + xStride + k]);
            a1 = wa.fma(x1, a1);
            b1 = wb.fma(x1, b1);
        }
        a0.intoArray(y, yAt);
        b0.intoArray(y, yAt + L);
        a1.intoArray(y, yAt + PANEL_OUTPUTS);
        b1.intoArray(y, yAt + PANEL_OUTPUTS + L);
    }

    private static void tile1(MemorySegment panel, long c, int depth, float[] x, int xAt, float[] y, int yAt) {
        FloatVector a0 = load(y, yAt);
        FloatVector b0 = load(y, yAt + L);
        for (int k = 0; k < depth; k++) {
            FloatVector wa = panel(panel, k * COLUMN_BYTES + c);
            FloatVector wb = panel(panel, k * COLUMN_BYTES + c + 4L * L);
            FloatVector x0 = splat(x[xAt + k]);
            a0 = wa.fma(x0, a0);
            b0 = wb.fma(x0, b0);
        }
        a0.intoArray(y, yAt);
        b0.intoArray(y, yAt + L);
    }

    private static FloatVector panel(MemorySegment panel, long at) {
        return FloatVector.fromMemorySegment(F, panel, at, LITTLE_ENDIAN);
    }

    private static FloatVector load(float[] values, int at) {
        return FloatVector.fromArray(F, values, at);
    }

    private static FloatVector splat(float value) {
        return FloatVector.broadcast(F, value);
    }
}
