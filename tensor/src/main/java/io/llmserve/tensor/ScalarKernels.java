package io.llmserve.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The kernels in plain Java: the specification of every result, bit for bit, and the fallback where the Vector
/// API is missing.
final class ScalarKernels implements KernelSet {
    static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int LANES = WeightFormat.BLOCK_ROWS;

    @Override
    public void matmul(
            PackedBand band, int fromBlock, int toBlock, float[] x, int fromRow, int rows, float[] y, int stride) {
        int groupColumns = band.format().groupColumns();
        float[] weights = new float[groupColumns * LANES];
        float[] sums = new float[rows * LANES];
        for (int block = fromBlock; block < toBlock; block++) {
            java.util.Arrays.fill(sums, 0);
            for (int group = 0; group < band.groups(); group++) {
                unpack(band, block, group, weights);
                for (int row = 0; row < rows; row++) {
                    int xAt = (fromRow + row) * band.columns() + group * groupColumns;
                    accumulate(weights, x, xAt, sums, row * LANES);
                }
            }
            int to = fromRow * stride + band.firstRow() + block * LANES;
            for (int row = 0; row < rows; row++) {
                System.arraycopy(sums, row * LANES, y, row * stride + to, band.rowsOf(block));
            }
        }
    }

    private static void accumulate(float[] weights, float[] x, int xAt, float[] sums, int sumsAt) {
        for (int k = 0; k < weights.length / LANES; k++) {
            for (int lane = 0; lane < LANES; lane++) {
                sums[sumsAt + lane] = Math.fma(weights[k * LANES + lane], x[xAt + k], sums[sumsAt + lane]);
            }
        }
    }

    /// Weights of one group of a block as `[column][16]`.
    static void unpack(PackedBand band, int block, int group, float[] out) {
        MemorySegment data = band.data();
        long at = band.blockOffset(block) + (long) group * band.format().groupBytes();
        for (int lane = 0; lane < LANES; lane++) {
            for (int column = 0; column < band.format().groupColumns(); column++) {
                out[column * LANES + lane] = weight(band.format(), data, at + lane * 4L, column);
            }
        }
    }

    /// One weight: `at` is where the lane's first word of the group lies.
    static float weight(WeightFormat format, MemorySegment data, long at, int column) {
        return switch (format) {
            case INT4 -> {
                int q = (word(data, at, 2 + column / 8) >>> (column % 8 * 4)) & 15;
                yield Math.fma(data.get(FLOAT, at), 1 + q / 16f, data.get(FLOAT, at + WeightFormat.LINE_BYTES));
            }
            case INT8, INT8_16 -> {
                int q = word(data, at, 1 + column / 4) << (24 - column % 4 * 8) >> 24;
                yield data.get(FLOAT, at) * q;
            }
            case BF16 -> Float.intBitsToFloat(column == 0 ? word(data, at, 0) << 16 : word(data, at, 0) & 0xFFFF0000);
            case F16 -> half(column == 0 ? word(data, at, 0) << 16 : word(data, at, 0) & 0xFFFF0000);
            case F32 -> data.get(FLOAT, at);
        };
    }

    private static int word(MemorySegment data, long at, int line) {
        return data.get(INT, at + (long) line * WeightFormat.LINE_BYTES);
    }

    /// The finite half in the upper 16 bits: sign, exponent and fraction moved in place, exponent bias
    /// corrected.
    private static float half(int upper) {
        return Float.intBitsToFloat((upper >> 3) & 0x8FFFE000) * 0x1p112f;
    }

    @Override
    public void rmsNorm(float[] x, int xAt, int width, float[] weight, float epsilon, float[] y, int yAt) {
        float[] sums = new float[16];
        for (int i = 0; i < width; i++) {
            sums[i % 16] = Math.fma(x[xAt + i], x[xAt + i], sums[i % 16]);
        }
        float inverse = inverseRoot(tree(sums, 0), width, epsilon);
        for (int i = 0; i < width; i++) {
            y[yAt + i] = x[xAt + i] * inverse * weight[i];
        }
    }

    static float inverseRoot(float sum, int width, float epsilon) {
        return (float) (1 / Math.sqrt((double) sum / width + epsilon));
    }

    /// The sum of 16 numbers: halves onto halves, 8, 4, 2, 1.
    static float tree(float[] values, int at) {
        float[] t = java.util.Arrays.copyOfRange(values, at, at + 16);
        for (int half = 8; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                t[i] += t[i + half];
            }
        }
        return t[0];
    }

    @Override
    public void siluProduct(float[] x, int gateAt, int upAt, int width, float[] y, int yAt) {
        for (int i = 0; i < width; i++) {
            float gate = x[gateAt + i];
            y[yAt + i] = gate / (1 + Exponential.of(-gate)) * x[upAt + i];
        }
    }

    @Override
    public void attendSegment(AttentionTile tile, KvCache cache, int layer, int segment) {
        tile.beginSegment();
        int end = tile.lastPage(segment);
        for (int page = tile.firstPage(segment); page <= end; page = AttentionTile.lastOfBlock(page) + 1) {
            int last = Math.min(end, AttentionTile.lastOfBlock(page));
            for (int query = 0; query < tile.queries; query++) {
                attendBlock(tile, query, cache, layer, page, last);
            }
        }
    }

    private static void attendBlock(AttentionTile tile, int query, KvCache cache, int layer, int page, int last) {
        int dimension = tile.dimension();
        float[] p = new float[(last - page + 1) * 16];
        float maximum = tile.maximum[query];
        for (int j = 0; j < p.length; j++) {
            long keys = cache.keyOffset(tile.pages[page + j / 16], layer, tile.kvHead);
            float score = 0;
            for (int d = 0; d < dimension; d++) {
                score = Math.fma(
                        tile.query[d * AttentionTile.QUERIES + query], number(cache, keys, d * 16 + j % 16), score);
            }
            int position = page * 16 + j;
            p[j] = position < tile.first[query] || position > tile.last[query] ? Float.NEGATIVE_INFINITY : score;
            maximum = Math.max(maximum, p[j]);
        }
        if (maximum == Float.NEGATIVE_INFINITY) {
            return;
        }
        if (maximum > tile.maximum[query]) {
            float shrink = Exponential.of(tile.maximum[query] - maximum);
            scale(tile.sum, query * 16, shrink);
            for (int d = 0; d < dimension; d += 16) {
                scale(tile.output, AttentionTile.outputAt(query, d), shrink);
            }
            tile.maximum[query] = maximum;
        }
        for (int j = 0; j < p.length; j++) {
            long values = cache.valueOffset(tile.pages[page + j / 16], layer, tile.kvHead);
            float probability = Exponential.of(p[j] - maximum);
            tile.sum[query * 16 + j % 16] += probability;
            for (int d = 0; d < dimension; d++) {
                int o = AttentionTile.outputAt(query, d) + d % 16;
                tile.output[o] = Math.fma(probability, number(cache, values, j % 16 * dimension + d), tile.output[o]);
            }
        }
    }

    private static void scale(float[] values, int at, float factor) {
        for (int i = at; i < at + 16; i++) {
            values[i] *= factor;
        }
    }

    @Override
    public void blend(float[] total, float[] part, int at, float keep, float add) {
        for (int i = at; i < at + 16; i++) {
            total[i] = Math.fma(part[i], add, total[i] * keep);
        }
    }

    @Override
    public void result(AttentionTile tile, int query, float[] out, int at) {
        float inverse = 1 / tree(tile.totalSum, query * 16);
        for (int d = 0; d < tile.dimension(); d++) {
            out[at + d] = tile.totalOutput[AttentionTile.outputAt(query, d) + d % 16] * inverse + 0f;
        }
    }

    private static float number(KvCache cache, long plane, int index) {
        return switch (cache.layout().type()) {
            case F32 -> cache.memory().get(FLOAT, plane + index * 4L);
            case BF16 -> Float.intBitsToFloat(cache.memory().get(SHORT, plane + index * 2L) << 16);
        };
    }

    @Override
    public String description() {
        return "scalar";
    }
}
