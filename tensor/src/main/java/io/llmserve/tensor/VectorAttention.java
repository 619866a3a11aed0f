package io.llmserve.tensor;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Attention of a tile's queries over the blocks of a segment, as [AttentionTile] defines it. Lanes are positions
/// for the scores and dimensions for the output.
///
/// The compiler inlines only so much, and keeps sums in registers only where they are locals: hence one loop a
/// method, and its text in full. Where there is but one page or one vector of dimensions, it is computed twice.
final class VectorAttention {
    private static final VectorSpecies<Float> F = Lanes.FLOAT;
    private static final int L = Lanes.COUNT;
    /// AVX2 has 16 vector registers; AVX-512 and NEON have 32.
    private static final boolean WIDE_TILE = L != 8;
    private static final int POSITIONS = KvLayout.PAGE_POSITIONS;
    private static final int QUERIES = AttentionTile.QUERIES;
    private static final int SCORE = AttentionTile.BLOCK_POSITIONS;

    private final ThreadLocal<Block> blocks = ThreadLocal.withInitial(Block::new);

    /// Where K and V of a block's pages lie.
    private static final class Block {
        MemorySegment memory = MemorySegment.NULL;
        final long[] keys = new long[AttentionTile.BLOCK_PAGES];
        final long[] values = new long[AttentionTile.BLOCK_PAGES];
        /// Off-heap f32 copy of bf16 pages, so that the loops below see one kind of memory.
        MemorySegment widened = MemorySegment.NULL;
    }

    void attendSegment(AttentionTile tile, KvCache cache, int layer, int segment) {
        tile.beginSegment();
        Block block = blocks.get();
        int end = tile.lastPage(segment);
        for (int page = tile.firstPage(segment); page <= end; page = AttentionTile.lastOfBlock(page) + 1) {
            int count = Math.min(end, AttentionTile.lastOfBlock(page)) - page + 1;
            locate(block, tile, cache, layer, page, count);
            score(tile, block, count);
            for (int query = 0; query < tile.queries; query++) {
                probabilities(tile, query, page, count);
            }
            weigh(tile, block, count);
        }
    }

    private static void locate(Block block, AttentionTile tile, KvCache cache, int layer, int page, int count) {
        boolean narrow = cache.layout().type() == KvLayout.Type.BF16;
        long plane = 4L * tile.dimension() * POSITIONS;
        if (narrow && block.widened.byteSize() < 2 * plane * AttentionTile.BLOCK_PAGES) {
            block.widened = Arena.ofAuto().allocate(2 * plane * AttentionTile.BLOCK_PAGES, 64);
        }
        block.memory = narrow ? block.widened : cache.memory();
        for (int i = 0; i < count; i++) {
            long keys = cache.keyOffset(tile.pages[page + i], layer, tile.kvHead);
            if (narrow) {
                widen(cache.memory(), keys, tile.dimension(), block.widened, 2 * plane * i);
                keys = 2 * plane * i;
            }
            block.keys[i] = keys;
            block.values[i] = keys + plane;
        }
    }

    /// K and V lie together: both planes at once.
    private static void widen(MemorySegment memory, long from, int dimension, MemorySegment floats, long to) {
        for (int i = 0; i < 2 * dimension * POSITIONS; i += L) {
            ShortVector halves = ShortVector.fromMemorySegment(Lanes.SHORT, memory, from + i * 2L, LITTLE_ENDIAN);
            Lanes.widen(halves).intoMemorySegment(floats, to + i * 4L, LITTLE_ENDIAN);
        }
    }

    /// Scores of all queries (rounded up to 4 or 8) against the block's keys, two pages at a time.
    private static void score(AttentionTile tile, Block block, int count) {
        for (int page = 0; page < count; page += 2) {
            int next = Math.min(page + 1, count - 1);
            for (int part = 0; part < POSITIONS; part += L) {
                long a = block.keys[page] + part * 4L;
                long b = block.keys[next] + part * 4L;
                int to = page * POSITIONS + part;
                int toNext = next * POSITIONS + part;
                int query = 0;
                for (; WIDE_TILE && query + 4 < tile.queries; query += 8) {
                    scores8(tile, query, block.memory, a, b, to, toNext);
                }
                for (; query < tile.queries; query += 4) {
                    scores4(tile, query, block.memory, a, b, to, toNext);
                }
            }
        }
    }

    /// Adds the block's values, weighed by the probabilities, two vectors of dimensions at a time.
    private static void weigh(AttentionTile tile, Block block, int count) {
        for (int d = 0; d < tile.dimension(); d += 2 * L) {
            int second = Math.min(d + L, tile.dimension() - L);
            int query = 0;
            for (; WIDE_TILE && query + 4 < tile.queries; query += 8) {
                output8(tile, query, block, count, d, second);
            }
            for (; query < tile.queries; query += 4) {
                output4(tile, query, block, count, d, second);
            }
        }
    }

    private static void scores8(AttentionTile tile, int from, MemorySegment keys, long a, long b, int to, int next) {
        float[] query = tile.query;
        float[] out = tile.score;
        int dimension = tile.dimension();
        FloatVector zero = Lanes.splat(0);
        FloatVector a0 = zero;
        FloatVector b0 = zero;
        FloatVector a1 = zero;
        FloatVector b1 = zero;
        FloatVector a2 = zero;
        FloatVector b2 = zero;
        FloatVector a3 = zero;
        FloatVector b3 = zero;
        FloatVector a4 = zero;
        FloatVector b4 = zero;
        FloatVector a5 = zero;
        FloatVector b5 = zero;
        FloatVector a6 = zero;
        FloatVector b6 = zero;
        FloatVector a7 = zero;
        FloatVector b7 = zero;
        for (int d = 0; d < dimension; d++) {
            FloatVector ka = load(keys, a + d * (POSITIONS * 4L));
            FloatVector kb = load(keys, b + d * (POSITIONS * 4L));
            FloatVector q0 = Lanes.splat(query[QUERIES * d + from]);
            a0 = ka.fma(q0, a0);
            b0 = kb.fma(q0, b0);
            FloatVector q1 = Lanes.splat(query[QUERIES * d + from + 1]);
            a1 = ka.fma(q1, a1);
            b1 = kb.fma(q1, b1);
            FloatVector q2 = Lanes.splat(query[QUERIES * d + from + 2]);
            a2 = ka.fma(q2, a2);
            b2 = kb.fma(q2, b2);
            FloatVector q3 = Lanes.splat(query[QUERIES * d + from + 3]);
            a3 = ka.fma(q3, a3);
            b3 = kb.fma(q3, b3);
            FloatVector q4 = Lanes.splat(query[QUERIES * d + from + 4]);
            a4 = ka.fma(q4, a4);
            b4 = kb.fma(q4, b4);
            FloatVector q5 = Lanes.splat(query[QUERIES * d + from + 5]);
            a5 = ka.fma(q5, a5);
            b5 = kb.fma(q5, b5);
            FloatVector q6 = Lanes.splat(query[QUERIES * d + from + 6]);
            a6 = ka.fma(q6, a6);
            b6 = kb.fma(q6, b6);
            FloatVector q7 = Lanes.splat(query[QUERIES * d + from + 7]);
            a7 = ka.fma(q7, a7);
            b7 = kb.fma(q7, b7);
        }
        int row = from * SCORE;
        a0.intoArray(out, row + to);
        b0.intoArray(out, row + next);
        a1.intoArray(out, row + to + SCORE);
        b1.intoArray(out, row + next + SCORE);
        a2.intoArray(out, row + to + 2 * SCORE);
        b2.intoArray(out, row + next + 2 * SCORE);
        a3.intoArray(out, row + to + 3 * SCORE);
        b3.intoArray(out, row + next + 3 * SCORE);
        a4.intoArray(out, row + to + 4 * SCORE);
        b4.intoArray(out, row + next + 4 * SCORE);
        a5.intoArray(out, row + to + 5 * SCORE);
        b5.intoArray(out, row + next + 5 * SCORE);
        a6.intoArray(out, row + to + 6 * SCORE);
        b6.intoArray(out, row + next + 6 * SCORE);
        a7.intoArray(out, row + to + 7 * SCORE);
        b7.intoArray(out, row + next + 7 * SCORE);
    }

    private static void scores4(AttentionTile tile, int from, MemorySegment keys, long a, long b, int to, int next) {
        float[] query = tile.query;
        float[] out = tile.score;
        int dimension = tile.dimension();
        FloatVector zero = Lanes.splat(0);
        FloatVector a0 = zero;
        FloatVector b0 = zero;
        FloatVector a1 = zero;
        FloatVector b1 = zero;
        FloatVector a2 = zero;
        FloatVector b2 = zero;
        FloatVector a3 = zero;
        FloatVector b3 = zero;
        for (int d = 0; d < dimension; d++) {
            FloatVector ka = load(keys, a + d * (POSITIONS * 4L));
            FloatVector kb = load(keys, b + d * (POSITIONS * 4L));
            FloatVector q0 = Lanes.splat(query[QUERIES * d + from]);
            a0 = ka.fma(q0, a0);
            b0 = kb.fma(q0, b0);
            FloatVector q1 = Lanes.splat(query[QUERIES * d + from + 1]);
            a1 = ka.fma(q1, a1);
            b1 = kb.fma(q1, b1);
            FloatVector q2 = Lanes.splat(query[QUERIES * d + from + 2]);
            a2 = ka.fma(q2, a2);
            b2 = kb.fma(q2, b2);
            FloatVector q3 = Lanes.splat(query[QUERIES * d + from + 3]);
            a3 = ka.fma(q3, a3);
            b3 = kb.fma(q3, b3);
        }
        int row = from * SCORE;
        a0.intoArray(out, row + to);
        b0.intoArray(out, row + next);
        a1.intoArray(out, row + to + SCORE);
        b1.intoArray(out, row + next + SCORE);
        a2.intoArray(out, row + to + 2 * SCORE);
        b2.intoArray(out, row + next + 2 * SCORE);
        a3.intoArray(out, row + to + 3 * SCORE);
        b3.intoArray(out, row + next + 3 * SCORE);
    }

    private static void output8(AttentionTile tile, int query, Block block, int count, int first, int second) {
        int a = AttentionTile.outputAt(query, first) + first % 16;
        int b = AttentionTile.outputAt(query, second) + second % 16;
        float[] out = tile.output;
        float[] score = tile.score;
        MemorySegment memory = block.memory;
        long[] values = block.values;
        long row = 4L * tile.dimension();
        FloatVector a0 = load(out, a);
        FloatVector b0 = load(out, b);
        FloatVector a1 = load(out, a + 16);
        FloatVector b1 = load(out, b + 16);
        FloatVector a2 = load(out, a + 2 * 16);
        FloatVector b2 = load(out, b + 2 * 16);
        FloatVector a3 = load(out, a + 3 * 16);
        FloatVector b3 = load(out, b + 3 * 16);
        FloatVector a4 = load(out, a + 4 * 16);
        FloatVector b4 = load(out, b + 4 * 16);
        FloatVector a5 = load(out, a + 5 * 16);
        FloatVector b5 = load(out, b + 5 * 16);
        FloatVector a6 = load(out, a + 6 * 16);
        FloatVector b6 = load(out, b + 6 * 16);
        FloatVector a7 = load(out, a + 7 * 16);
        FloatVector b7 = load(out, b + 7 * 16);
        for (int page = 0; page < count; page++) {
            long valueA = values[page] + 4L * first;
            long valueB = values[page] + 4L * second;
            int p = query * SCORE + page * POSITIONS;
            for (int j = 0; j < POSITIONS; j++) {
                FloatVector va = load(memory, valueA + j * row);
                FloatVector vb = load(memory, valueB + j * row);
                FloatVector p0 = Lanes.splat(score[p + j]);
                a0 = va.fma(p0, a0);
                b0 = vb.fma(p0, b0);
                FloatVector p1 = Lanes.splat(score[p + j + SCORE]);
                a1 = va.fma(p1, a1);
                b1 = vb.fma(p1, b1);
                FloatVector p2 = Lanes.splat(score[p + j + 2 * SCORE]);
                a2 = va.fma(p2, a2);
                b2 = vb.fma(p2, b2);
                FloatVector p3 = Lanes.splat(score[p + j + 3 * SCORE]);
                a3 = va.fma(p3, a3);
                b3 = vb.fma(p3, b3);
                FloatVector p4 = Lanes.splat(score[p + j + 4 * SCORE]);
                a4 = va.fma(p4, a4);
                b4 = vb.fma(p4, b4);
                FloatVector p5 = Lanes.splat(score[p + j + 5 * SCORE]);
                a5 = va.fma(p5, a5);
                b5 = vb.fma(p5, b5);
                FloatVector p6 = Lanes.splat(score[p + j + 6 * SCORE]);
                a6 = va.fma(p6, a6);
                b6 = vb.fma(p6, b6);
                FloatVector p7 = Lanes.splat(score[p + j + 7 * SCORE]);
                a7 = va.fma(p7, a7);
                b7 = vb.fma(p7, b7);
            }
        }
        a0.intoArray(out, a);
        b0.intoArray(out, b);
        a1.intoArray(out, a + 16);
        b1.intoArray(out, b + 16);
        a2.intoArray(out, a + 2 * 16);
        b2.intoArray(out, b + 2 * 16);
        a3.intoArray(out, a + 3 * 16);
        b3.intoArray(out, b + 3 * 16);
        a4.intoArray(out, a + 4 * 16);
        b4.intoArray(out, b + 4 * 16);
        a5.intoArray(out, a + 5 * 16);
        b5.intoArray(out, b + 5 * 16);
        a6.intoArray(out, a + 6 * 16);
        b6.intoArray(out, b + 6 * 16);
        a7.intoArray(out, a + 7 * 16);
        b7.intoArray(out, b + 7 * 16);
    }

    private static void output4(AttentionTile tile, int query, Block block, int count, int first, int second) {
        int a = AttentionTile.outputAt(query, first) + first % 16;
        int b = AttentionTile.outputAt(query, second) + second % 16;
        float[] out = tile.output;
        float[] score = tile.score;
        MemorySegment memory = block.memory;
        long[] values = block.values;
        long row = 4L * tile.dimension();
        FloatVector a0 = load(out, a);
        FloatVector b0 = load(out, b);
        FloatVector a1 = load(out, a + 16);
        FloatVector b1 = load(out, b + 16);
        FloatVector a2 = load(out, a + 2 * 16);
        FloatVector b2 = load(out, b + 2 * 16);
        FloatVector a3 = load(out, a + 3 * 16);
        FloatVector b3 = load(out, b + 3 * 16);
        for (int page = 0; page < count; page++) {
            long valueA = values[page] + 4L * first;
            long valueB = values[page] + 4L * second;
            int p = query * SCORE + page * POSITIONS;
            for (int j = 0; j < POSITIONS; j++) {
                FloatVector va = load(memory, valueA + j * row);
                FloatVector vb = load(memory, valueB + j * row);
                FloatVector p0 = Lanes.splat(score[p + j]);
                a0 = va.fma(p0, a0);
                b0 = vb.fma(p0, b0);
                FloatVector p1 = Lanes.splat(score[p + j + SCORE]);
                a1 = va.fma(p1, a1);
                b1 = vb.fma(p1, b1);
                FloatVector p2 = Lanes.splat(score[p + j + 2 * SCORE]);
                a2 = va.fma(p2, a2);
                b2 = vb.fma(p2, b2);
                FloatVector p3 = Lanes.splat(score[p + j + 3 * SCORE]);
                a3 = va.fma(p3, a3);
                b3 = vb.fma(p3, b3);
            }
        }
        a0.intoArray(out, a);
        b0.intoArray(out, b);
        a1.intoArray(out, a + 16);
        b1.intoArray(out, b + 16);
        a2.intoArray(out, a + 2 * 16);
        b2.intoArray(out, b + 2 * 16);
        a3.intoArray(out, a + 3 * 16);
        b3.intoArray(out, b + 3 * 16);
    }

    /// A query's scores of a block to probabilities, and to the sums. Mostly no score exceeds the maximum.
    private static void probabilities(AttentionTile tile, int query, int page, int count) {
        int at = query * SCORE;
        int first = tile.first[query] - page * POSITIONS;
        int last = tile.last[query] - page * POSITIONS;
        if (first > 0 || last < count * POSITIONS - 1) {
            mask(tile.score, at, first, last, count * POSITIONS);
        }
        FloatVector greatest = greatest(tile.score, at, count * POSITIONS);
        if (greatest.compare(VectorOperators.GT, tile.maximum[query]).anyTrue()) {
            raise(tile, query, greatest(greatest));
        }
        float maximum = tile.maximum[query];
        float shift = maximum == Float.NEGATIVE_INFINITY ? 0 : maximum;
        for (int part = 0; part < POSITIONS; part += L) {
            FloatVector sum = load(tile.sum, query * 16 + part);
            for (int j = part; j < count * POSITIONS; j += POSITIONS) {
                FloatVector probability = Lanes.exp(load(tile.score, at + j).sub(shift));
                probability.intoArray(tile.score, at + j);
                sum = sum.add(probability);
            }
            sum.intoArray(tile.sum, query * 16 + part);
        }
    }

    /// Positions outside of `first .. last` of the block cannot be seen.
    private static void mask(float[] scores, int at, int first, int last, int positions) {
        for (int j = 0; j < first && j < positions; j++) {
            scores[at + j] = Float.NEGATIVE_INFINITY;
        }
        for (int j = Math.max(0, last + 1); j < positions; j++) {
            scores[at + j] = Float.NEGATIVE_INFINITY;
        }
    }

    /// Lane by lane; a comparison is cheaper than `max`, which cares for zeros' signs and NaN.
    private static FloatVector greatest(float[] scores, int at, int positions) {
        FloatVector greatest = load(scores, at);
        for (int j = L; j < positions; j += L) {
            FloatVector other = load(scores, at + j);
            greatest = greatest.blend(other, other.compare(VectorOperators.GT, greatest));
        }
        return greatest;
    }

    /// The greatest lane, compared as integers in the order of floats.
    private static float greatest(FloatVector values) {
        IntVector bits = values.reinterpretAsInts();
        IntVector ordered = bits.lanewise(
                VectorOperators.XOR, bits.lanewise(VectorOperators.ASHR, 31).and(0x7FFFFFFF));
        int greatest = ordered.reduceLanes(VectorOperators.MAX);
        return Float.intBitsToFloat(greatest ^ (greatest >> 31 & 0x7FFFFFFF));
    }

    private static void raise(AttentionTile tile, int query, float maximum) {
        float shrink = Exponential.of(tile.maximum[query] - maximum);
        scale(tile.sum, query * 16, shrink);
        for (int d = 0; d < tile.dimension(); d += 16) {
            scale(tile.output, AttentionTile.outputAt(query, d), shrink);
        }
        tile.maximum[query] = maximum;
    }

    private static void scale(float[] values, int at, float factor) {
        for (int part = 0; part < 16; part += L) {
            load(values, at + part).mul(factor).intoArray(values, at + part);
        }
    }

    static void blend(float[] total, float[] part, int at, float keep, float add) {
        for (int i = at; i < at + 16; i += L) {
            FloatVector kept = load(total, i).mul(keep);
            load(part, i).fma(Lanes.splat(add), kept).intoArray(total, i);
        }
    }

    static void result(AttentionTile tile, int query, float[] out, int at) {
        float inverse = 1 / ScalarKernels.tree(tile.totalSum, query * 16);
        for (int d = 0; d < tile.dimension(); d += L) {
            int from = AttentionTile.outputAt(query, d) + d % 16;
            load(tile.totalOutput, from).mul(inverse).add(0).intoArray(out, at + d);
        }
    }

    private static FloatVector load(float[] values, int at) {
        return FloatVector.fromArray(F, values, at);
    }

    private static FloatVector load(MemorySegment memory, long at) {
        return FloatVector.fromMemorySegment(F, memory, at, LITTLE_ENDIAN);
    }
}
