package io.llmserve.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The kernels in the Vector API, at the width of [Lanes]. Lanes are outputs (or positions), never parts of a
/// sum, so that the width changes no bit.
final class VectorKernels implements KernelSet {
    private static final VectorSpecies<Float> F = Lanes.FLOAT;
    private static final int L = Lanes.COUNT;
    private static final int BLOCK_ROWS = WeightFormat.BLOCK_ROWS;

    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);
    private final VectorAttention attention = new VectorAttention();

    private static final class Scratch {
        /// Off-heap, as an array is never aligned to a cache line: loads across lines cost a third of the speed.
        final MemorySegment panel = Arena.ofAuto().allocate(Gemm.PANEL_COLUMNS * Gemm.COLUMN_BYTES, 64);
        /// Outputs `[rows, 32]` of two blocks; of one row, of four.
        final float[] sums = new float[ROWS_AT_ONCE * Gemm.PANEL_OUTPUTS];
    }

    @Override
    public void matmul(
            PackedBand band, int fromBlock, int toBlock, float[] x, int fromRow, int rows, float[] y, int stride) {
        if (fromRow == 0 && rows == 1) {
            gemv(band, fromBlock, toBlock, x, y);
            return;
        }
        for (int block = fromBlock; block < toBlock; block += MATRIX_BLOCKS) {
            gemm(band, block, toBlock, x, fromRow, rows, y, stride);
        }
    }

    private void gemv(PackedBand band, int fromBlock, int toBlock, float[] x, float[] y) {
        float[] sums = scratch.get().sums;
        for (int block = fromBlock; block < toBlock; block += Gemv.BLOCKS) {
            Gemv.four(band, block, toBlock - 1, x, sums);
            int to = band.firstRow() + block * BLOCK_ROWS;
            System.arraycopy(sums, 0, y, to, outputs(band, block, toBlock, Gemv.BLOCKS));
        }
    }

    /// How many outputs of `count` blocks from `block` on there are.
    private static int outputs(PackedBand band, int block, int toBlock, int count) {
        int left = Math.min(band.rows(), toBlock * BLOCK_ROWS) - block * BLOCK_ROWS;
        return Math.min(count * BLOCK_ROWS, left);
    }

    /// Sums go to a place of their own first: rows of y often lie a multiple of 4 KiB apart, where a load waits for
    /// every store with the same low address bits.
    private void gemm(PackedBand band, int block, int toBlock, float[] x, int from, int rows, float[] y, int stride) {
        Scratch own = scratch.get();
        Arrays.fill(own.sums, 0, rows * Gemm.PANEL_OUTPUTS, 0);
        int second = Math.min(block + 1, toBlock - 1);
        for (int k = 0; k < band.columns(); k += Gemm.PANEL_COLUMNS) {
            int depth = Math.min(Gemm.PANEL_COLUMNS, band.columns() - k);
            PanelUnpacker.unpack(band, block, k, depth, own.panel, 0);
            PanelUnpacker.unpack(band, second, k, depth, own.panel, 4L * BLOCK_ROWS);
            Gemm.accumulate(own.panel, depth, x, from * band.columns() + k, band.columns(), own.sums, rows);
        }
        int to = from * stride + band.firstRow() + block * BLOCK_ROWS;
        int outputs = outputs(band, block, toBlock, MATRIX_BLOCKS);
        for (int row = 0; row < rows; row++) {
            System.arraycopy(own.sums, row * Gemm.PANEL_OUTPUTS, y, row * stride + to, outputs);
        }
    }

    @Override
    public void rmsNorm(float[] x, int xAt, int width, float[] weight, float epsilon, float[] y, int yAt) {
        float[] sums = new float[16];
        for (int part = 0; part < 16; part += L) {
            FloatVector sum = Lanes.splat(0);
            for (int i = part; i < width; i += 16) {
                FloatVector value = FloatVector.fromArray(F, x, xAt + i);
                sum = value.fma(value, sum);
            }
            sum.intoArray(sums, part);
        }
        float inverse = ScalarKernels.inverseRoot(ScalarKernels.tree(sums, 0), width, epsilon);
        for (int i = 0; i < width; i += L) {
            FloatVector scaled = FloatVector.fromArray(F, x, xAt + i).mul(inverse);
            scaled.mul(FloatVector.fromArray(F, weight, i)).intoArray(y, yAt + i);
        }
    }

    @Override
    public void siluProduct(float[] x, int gateAt, int upAt, int width, float[] y, int yAt) {
        for (int i = 0; i < width; i += L) {
            FloatVector gate = FloatVector.fromArray(F, x, gateAt + i);
            FloatVector sigmoid = gate.div(Lanes.exp(gate.neg()).add(1));
            sigmoid.mul(FloatVector.fromArray(F, x, upAt + i)).intoArray(y, yAt + i);
        }
    }

    @Override
    public void attendSegment(AttentionTile tile, KvCache cache, int layer, int segment) {
        attention.attendSegment(tile, cache, layer, segment);
    }

    @Override
    public void blend(float[] total, float[] part, int at, float keep, float add) {
        VectorAttention.blend(total, part, at, keep, add);
    }

    @Override
    public void result(AttentionTile tile, int query, float[] out, int at) {
        VectorAttention.result(tile, query, out, at);
    }

    @Override
    public String description() {
        return L * 32 + "-bit vectors";
    }
}
