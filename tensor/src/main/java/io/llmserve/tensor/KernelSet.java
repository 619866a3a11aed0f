package io.llmserve.tensor;

/// The loops under [Kernels], each one task's share. [ScalarKernels] is the specification; any other set gives
/// the same bits.
interface KernelSet {
    /// Blocks of weights that are taken at once, by one row and by several; shares of the work begin at a multiple.
    int ROW_BLOCKS = 4;

    int MATRIX_BLOCKS = 2;

    /// Rows of x that a matrix product takes at most.
    int ROWS_AT_ONCE = 128;

    /// Rows `16 * fromBlock ..` of the band, rows `fromRow ..` of x: `y[m, n] = chain over k in order of
    /// fma(w[n, k], x[m, k], acc)`, acc from +0. x `[.., columns]`; y `[.., stride]`, written at the band's rows.
    void matmul(PackedBand band, int fromBlock, int toBlock, float[] x, int fromRow, int rows, float[] y, int stride);

    /// One row: `y[i] = (x[i] * r) * weight[i]`, `r = 1 / sqrt(sum / width + epsilon)` rounded from f64;
    /// `sum` is 16 chains `p[i % 16] = fma(x[i], x[i], p[i % 16])` added by [ScalarKernels#tree]. `width` is
    /// a multiple of 16; x and y may be the same.
    void rmsNorm(float[] x, int xAt, int width, float[] weight, float epsilon, float[] y, int yAt);

    /// `y[i] = gate / (1 + exp(-gate)) * up`, gate at `gateAt + i`, up at `upAt + i`.
    void siluProduct(float[] x, int gateAt, int upAt, int width, float[] y, int yAt);

    /// Attention of the queries of one tile over positions of one segment; see [AttentionTile].
    void attendSegment(AttentionTile tile, KvCache cache, int layer, int segment);

    /// `total[i] = fma(part[i], add, total[i] * keep)` for 16 values from `at` on.
    void blend(float[] total, float[] part, int at, float keep, float add);

    /// Writes a query's result.
    void result(AttentionTile tile, int query, float[] out, int at);

    /// What the machine gives, for build information.
    String description();
}
