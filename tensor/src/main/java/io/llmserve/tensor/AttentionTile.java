package io.llmserve.tensor;

import java.util.Arrays;

/// Scratch of one thread for attention of up to 24 queries that share a key-value head and a sequence. A query
/// is one (row, head); they are ordered by row, then head.
///
/// Per query, in segments of 256 positions, blocks of 64 in order (online softmax, arXiv 1805.02867): `s[j] =
/// chain over d of fma(q[d] * scale, K[d][j], acc)`, -inf where the query may not look; `m' = max(m, max s)`; if
/// `m' > m`: `c = exp(m - m')`, `l[i] *= c`, `o[d] *= c`; for j in order: `p[j] = exp(s[j] - m')`, `l[j % 16] +=
/// p[j]`, `o[d] = fma(p[j], V[j][d], o[d])`. Segments are merged in order: `m' = max(M, m)`, `L = fma(l,
/// exp(m - m'), L * exp(M - m'))`, `O` alike. The result is `O * (1 / tree(L)) + 0`; adding 0 makes the sign
/// of zero independent of what masked positions hold.
final class AttentionTile {
    static final int QUERIES = 24;
    static final int SEGMENT_POSITIONS = 256;
    static final int SEGMENT_PAGES = SEGMENT_POSITIONS / KvLayout.PAGE_POSITIONS;
    static final int BLOCK_PAGES = 4;
    static final int BLOCK_POSITIONS = BLOCK_PAGES * KvLayout.PAGE_POSITIONS;

    private final int dimension;
    int queries;
    int kvHead;
    int[] pages = {};
    /// The first and last position that a query sees.
    final int[] first = new int[QUERIES];
    final int[] last = new int[QUERIES];
    /// Scaled queries `[dimension, QUERIES]`.
    final float[] query;
    /// State of the segment: maxima, sums `[QUERIES, 16]`, outputs `[dimension / 16, QUERIES, 16]`, so that queries
    /// lie a constant apart.
    final float[] maximum = new float[QUERIES];
    final float[] sum = new float[QUERIES * 16];
    final float[] output;
    /// Scores, then probabilities, of a block, `[QUERIES, 64]`.
    final float[] score = new float[QUERIES * BLOCK_POSITIONS];
    /// The segments before, merged.
    private final float[] totalMaximum = new float[QUERIES];
    final float[] totalSum = new float[QUERIES * 16];
    final float[] totalOutput;

    AttentionTile(int dimension) {
        this.dimension = dimension;
        this.query = new float[QUERIES * dimension];
        this.output = new float[QUERIES * dimension];
        this.totalOutput = new float[QUERIES * dimension];
    }

    int dimension() {
        return dimension;
    }

    /// Takes up queries `from .. from + count` of a span and key-value head.
    void load(Batch batch, int span, int kvHead, int from, int count, AttentionShape shape, Heads source) {
        this.queries = count;
        this.kvHead = kvHead;
        this.pages = batch.span(span).pages();
        Arrays.fill(query, 0);
        for (int i = 0; i < count; i++) {
            int row = batch.firstRow(span) + (from + i) / shape.group();
            int head = kvHead * shape.group() + (from + i) % shape.group();
            last[i] = batch.position(row);
            first[i] = shape.firstVisible(last[i]);
            int at = source.at(row, head);
            for (int d = 0; d < dimension; d++) {
                query[d * QUERIES + i] = source.values()[at + d] * shape.scale();
            }
        }
        Arrays.fill(first, count, QUERIES, first[count - 1]);
        Arrays.fill(last, count, QUERIES, last[count - 1]);
        Arrays.fill(totalMaximum, Float.NEGATIVE_INFINITY);
        Arrays.fill(totalSum, 0);
        Arrays.fill(totalOutput, 0);
    }

    int firstSegment() {
        return first[0] / SEGMENT_POSITIONS;
    }

    int lastSegment() {
        return last[queries - 1] / SEGMENT_POSITIONS;
    }

    /// The first page of a segment that any query sees.
    int firstPage(int segment) {
        return Math.max(segment * SEGMENT_PAGES, first[0] / KvLayout.PAGE_POSITIONS);
    }

    /// The last page of the block that `page` is in.
    static int lastOfBlock(int page) {
        return page | (BLOCK_PAGES - 1);
    }

    /// Where 16 outputs of a query lie, `dimension` a multiple of 16.
    static int outputAt(int query, int dimension) {
        return (dimension / 16 * QUERIES + query) * 16;
    }

    /// The last page of a segment that any query sees.
    int lastPage(int segment) {
        return Math.min((segment + 1) * SEGMENT_PAGES - 1, last[queries - 1] / KvLayout.PAGE_POSITIONS);
    }

    void beginSegment() {
        Arrays.fill(maximum, Float.NEGATIVE_INFINITY);
        Arrays.fill(sum, 0);
        Arrays.fill(output, 0);
    }

    /// Adds the state of a segment, computed by this or another tile of the same queries, to the total.
    void mergeSegment(KernelSet set, AttentionTile part) {
        for (int query = 0; query < queries; query++) {
            if (part.maximum[query] == Float.NEGATIVE_INFINITY) {
                continue;
            }
            float joint = Math.max(totalMaximum[query], part.maximum[query]);
            float keep = Exponential.of(totalMaximum[query] - joint);
            float add = Exponential.of(part.maximum[query] - joint);
            totalMaximum[query] = joint;
            set.blend(totalSum, part.sum, query * 16, keep, add);
            for (int d = 0; d < dimension; d += 16) {
                set.blend(totalOutput, part.output, outputAt(query, d), keep, add);
            }
        }
    }
}
