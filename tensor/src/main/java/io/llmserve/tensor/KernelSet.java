package io.llmserve.tensor;

/// The loops under [Kernels], each one task's share. [ScalarKernels] is the specification; any other set gives
/// the same bits.
interface KernelSet {
    /// Blocks of weights that a matrix product takes at once; shares of the work begin at a multiple.
    int BLOCKS_AT_ONCE = 2;

    /// Rows `16 * fromBlock ..` of the band: `y[m, n] = chain over k in order of fma(w[n, k], x[m, k], acc)`,
    /// acc from +0. x `[rows, columns]`; y `[rows, stride]`, written at the band's rows.
    void matmul(PackedBand band, int fromBlock, int toBlock, float[] x, int rows, float[] y, int stride);

    /// One row: `y[i] = (x[i] * r) * weight[i]`, `r = 1 / sqrt(sum / width + epsilon)` rounded from f64;
    /// `sum` is 16 chains `p[i % 16] = fma(x[i], x[i], p[i % 16])` added by [ScalarKernels#tree]. `width` is
    /// a multiple of 16; x and y may be the same.
    void rmsNorm(float[] x, int xAt, int width, float[] weight, float epsilon, float[] y, int yAt);

    /// `y[i] = gate / (1 + exp(-gate)) * up`, gate at `gateAt + i`, up at `upAt + i`.
    void siluProduct(float[] x, int gateAt, int upAt, int width, float[] y, int yAt);

    /// Attention of the queries of one tile over positions of one segment; see [AttentionTile].
    void attendSegment(AttentionTile tile, KvCache cache, int layer, int segment);

    /// Adds the state of a segment, computed by this or another tile of the same queries, to the total.
    void mergeSegment(AttentionTile total, AttentionTile part);

    /// Writes a query's result.
    void result(AttentionTile tile, int query, float[] out, int at);

    /// What the machine gives, for build information.
    String description();
}
