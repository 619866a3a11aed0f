package io.llmserve.tensor;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Attention of up to 8 queries over the pages of a segment, as [AttentionTile] defines it. Lanes are positions
/// for the scores and dimensions for the output.
final class VectorAttention {
    private static final VectorSpecies<Float> F = Lanes.FLOAT;
    private static final int L = Lanes.COUNT;
    /// AVX2 has 16 vector registers; AVX-512 and NEON have 32.
    private static final boolean WIDE_TILE = L != 8;
    private static final int POSITIONS = KvLayout.PAGE_POSITIONS;

    /// Off-heap f32 copy of a bf16 plane, so that the loops below see one kind of memory.
    private final ThreadLocal<MemorySegment> widened = ThreadLocal.withInitial(() -> MemorySegment.NULL);

    void attendSegment(AttentionTile tile, KvCache cache, int layer, int segment) {
        tile.beginSegment();
        boolean pairs = WIDE_TILE && tile.queries > 4;
        int end = tile.lastPage(segment) + 1;
        int page = tile.firstPage(segment);
        for (; pairs && page + 2 <= end; page += 2) {
            attendPages(tile, cache, layer, page, 2);
        }
        for (; page < end; page++) {
            attendPages(tile, cache, layer, page, 1);
        }
    }

    /// One or two pages. One call of each kernel in the text, as the compiler inlines only so much.
    private void attendPages(AttentionTile tile, KvCache cache, int layer, int page, int count) {
        int next = page + count - 1;
        long keys = cache.keyOffset(tile.pages[page], layer, tile.kvHead);
        long nextKeys = cache.keyOffset(tile.pages[next], layer, tile.kvHead);
        long plane = cache.layout().planeBytes();
        MemorySegment memory = cache.memory();
        if (cache.layout().type() == KvLayout.Type.BF16) {
            plane = 4L * tile.dimension() * POSITIONS;
            MemorySegment floats = widened(4 * plane);
            for (int i = 0; i < count; i++) {
                widen(memory, i == 0 ? keys : nextKeys, tile.dimension(), floats, i * (2 * plane));
            }
            memory = floats;
            keys = 0;
            nextKeys = (count - 1) * (2 * plane);
        }
        if (count == 2) {
            for (int part = 0; part < POSITIONS; part += L) {
                long at = part * 4L;
                scores8Twice(tile.query, tile.dimension(), memory, keys + at, nextKeys + at, tile.probability, part);
            }
        } else {
            for (int part = 0; part < POSITIONS; part += L) {
                long at = part * 4L;
                scores(tile.queries, tile.query, tile.dimension(), memory, keys + at, tile.probability, part);
            }
        }
        for (int i = 0; i < count; i++) {
            long values = (i == 0 ? keys : nextKeys) + plane;
            weigh(tile, memory, values, page + i, i * AttentionTile.QUERIES * POSITIONS);
        }
    }

    private MemorySegment widened(long bytes) {
        MemorySegment floats = widened.get();
        if (floats.byteSize() < bytes) {
            floats = Arena.ofAuto().allocate(bytes, 64);
            widened.set(floats);
        }
        return floats;
    }

    /// K and V lie together: both planes at once.
    private static void widen(MemorySegment memory, long from, int dimension, MemorySegment floats, long to) {
        for (int i = 0; i < 2 * dimension * POSITIONS; i += L) {
            ShortVector halves = ShortVector.fromMemorySegment(Lanes.SHORT, memory, from + i * 2L, LITTLE_ENDIAN);
            Lanes.widen(halves).intoMemorySegment(floats, to + i * 4L, LITTLE_ENDIAN);
        }
    }

    /// Turns the scores at `from` into probabilities and adds the page's values, weighed by them.
    private static void weigh(AttentionTile tile, MemorySegment memory, long values, int page, int from) {
        int dimension = tile.dimension();
        for (int query = 0; query < tile.queries; query++) {
            probabilities(tile, query, page, from + query * POSITIONS);
        }
        int d = 0;
        if (WIDE_TILE && tile.queries > 4) {
            for (; d + 2 * L <= dimension; d += 2 * L) {
                output8Twice(tile.probability, from, dimension, memory, values + d * 4L, tile.output, d);
            }
        }
        for (; d < dimension; d += L) {
            output(tile.queries, tile.probability, from, dimension, memory, values + d * 4L, tile.output, d);
        }
    }

    /// `[queries, 16]` scores against K `[dimension][16]`, queries rounded up to 4 or 8. One method, and too
    /// large for the compiler to inline: each kernel is to be compiled by itself.
    private static void scores(
            int queries, float[] query, int dimension, MemorySegment memory, long keys, float[] scores, int to) {
        if (queries > 4) {
            FloatVector s0 = Lanes.splat(0);
            FloatVector s1 = Lanes.splat(0);
            FloatVector s2 = Lanes.splat(0);
            FloatVector s3 = Lanes.splat(0);
            FloatVector s4 = Lanes.splat(0);
            FloatVector s5 = Lanes.splat(0);
            FloatVector s6 = Lanes.splat(0);
            FloatVector s7 = Lanes.splat(0);
            for (int d = 0; d < dimension; d++) {
                FloatVector key = load(memory, keys + d * (POSITIONS * 4L));
                s0 = key.fma(Lanes.splat(query[d]), s0);
                s1 = key.fma(Lanes.splat(query[dimension + d]), s1);
                s2 = key.fma(Lanes.splat(query[2 * dimension + d]), s2);
                s3 = key.fma(Lanes.splat(query[3 * dimension + d]), s3);
                s4 = key.fma(Lanes.splat(query[4 * dimension + d]), s4);
                s5 = key.fma(Lanes.splat(query[5 * dimension + d]), s5);
                s6 = key.fma(Lanes.splat(query[6 * dimension + d]), s6);
                s7 = key.fma(Lanes.splat(query[7 * dimension + d]), s7);
            }
            s0.intoArray(scores, to);
            s1.intoArray(scores, to + 1 * POSITIONS);
            s2.intoArray(scores, to + 2 * POSITIONS);
            s3.intoArray(scores, to + 3 * POSITIONS);
            s4.intoArray(scores, to + 4 * POSITIONS);
            s5.intoArray(scores, to + 5 * POSITIONS);
            s6.intoArray(scores, to + 6 * POSITIONS);
            s7.intoArray(scores, to + 7 * POSITIONS);
        } else {
            FloatVector s0 = Lanes.splat(0);
            FloatVector s1 = Lanes.splat(0);
            FloatVector s2 = Lanes.splat(0);
            FloatVector s3 = Lanes.splat(0);
            for (int d = 0; d < dimension; d++) {
                FloatVector key = load(memory, keys + d * (POSITIONS * 4L));
                s0 = key.fma(Lanes.splat(query[d]), s0);
                s1 = key.fma(Lanes.splat(query[dimension + d]), s1);
                s2 = key.fma(Lanes.splat(query[2 * dimension + d]), s2);
                s3 = key.fma(Lanes.splat(query[3 * dimension + d]), s3);
            }
            s0.intoArray(scores, to);
            s1.intoArray(scores, to + 1 * POSITIONS);
            s2.intoArray(scores, to + 2 * POSITIONS);
            s3.intoArray(scores, to + 3 * POSITIONS);
        }
    }

    /// As [#scores] for 8 queries and two pages, which reads each query half as often; the second page's scores
    /// follow those of 8 queries.
    private static void scores8Twice(
            float[] query, int dimension, MemorySegment memory, long keysA, long keysB, float[] scores, int to) {
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
            FloatVector ka = load(memory, keysA + d * (POSITIONS * 4L));
            FloatVector kb = load(memory, keysB + d * (POSITIONS * 4L));
            FloatVector q0 = Lanes.splat(query[d]);
            a0 = ka.fma(q0, a0);
            b0 = kb.fma(q0, b0);
            FloatVector q1 = Lanes.splat(query[dimension + d]);
            a1 = ka.fma(q1, a1);
            b1 = kb.fma(q1, b1);
            FloatVector q2 = Lanes.splat(query[2 * dimension + d]);
            a2 = ka.fma(q2, a2);
            b2 = kb.fma(q2, b2);
            FloatVector q3 = Lanes.splat(query[3 * dimension + d]);
            a3 = ka.fma(q3, a3);
            b3 = kb.fma(q3, b3);
            FloatVector q4 = Lanes.splat(query[4 * dimension + d]);
            a4 = ka.fma(q4, a4);
            b4 = kb.fma(q4, b4);
            FloatVector q5 = Lanes.splat(query[5 * dimension + d]);
            a5 = ka.fma(q5, a5);
            b5 = kb.fma(q5, b5);
            FloatVector q6 = Lanes.splat(query[6 * dimension + d]);
            a6 = ka.fma(q6, a6);
            b6 = kb.fma(q6, b6);
            FloatVector q7 = Lanes.splat(query[7 * dimension + d]);
            a7 = ka.fma(q7, a7);
            b7 = kb.fma(q7, b7);
        }
        int next = to + AttentionTile.QUERIES * POSITIONS;
        a0.intoArray(scores, to);
        b0.intoArray(scores, next);
        a1.intoArray(scores, to + 1 * POSITIONS);
        b1.intoArray(scores, next + 1 * POSITIONS);
        a2.intoArray(scores, to + 2 * POSITIONS);
        b2.intoArray(scores, next + 2 * POSITIONS);
        a3.intoArray(scores, to + 3 * POSITIONS);
        b3.intoArray(scores, next + 3 * POSITIONS);
        a4.intoArray(scores, to + 4 * POSITIONS);
        b4.intoArray(scores, next + 4 * POSITIONS);
        a5.intoArray(scores, to + 5 * POSITIONS);
        b5.intoArray(scores, next + 5 * POSITIONS);
        a6.intoArray(scores, to + 6 * POSITIONS);
        b6.intoArray(scores, next + 6 * POSITIONS);
        a7.intoArray(scores, to + 7 * POSITIONS);
        b7.intoArray(scores, next + 7 * POSITIONS);
    }

    /// Adds probabilities `[queries, 16]` times V `[16][dimension]`, one vector of dimensions.
    private static void output(
            int queries,
            float[] p,
            int from,
            int dimension,
            MemorySegment memory,
            long values,
            float[] output,
            int to) {
        if (queries > 4) {
            FloatVector o0 = FloatVector.fromArray(F, output, to);
            FloatVector o1 = FloatVector.fromArray(F, output, to + dimension);
            FloatVector o2 = FloatVector.fromArray(F, output, to + 2 * dimension);
            FloatVector o3 = FloatVector.fromArray(F, output, to + 3 * dimension);
            FloatVector o4 = FloatVector.fromArray(F, output, to + 4 * dimension);
            FloatVector o5 = FloatVector.fromArray(F, output, to + 5 * dimension);
            FloatVector o6 = FloatVector.fromArray(F, output, to + 6 * dimension);
            FloatVector o7 = FloatVector.fromArray(F, output, to + 7 * dimension);
            for (int j = 0; j < POSITIONS; j++) {
                FloatVector value = load(memory, values + (long) j * dimension * 4);
                o0 = value.fma(Lanes.splat(p[from + j]), o0);
                o1 = value.fma(Lanes.splat(p[from + POSITIONS + j]), o1);
                o2 = value.fma(Lanes.splat(p[from + 2 * POSITIONS + j]), o2);
                o3 = value.fma(Lanes.splat(p[from + 3 * POSITIONS + j]), o3);
                o4 = value.fma(Lanes.splat(p[from + 4 * POSITIONS + j]), o4);
                o5 = value.fma(Lanes.splat(p[from + 5 * POSITIONS + j]), o5);
                o6 = value.fma(Lanes.splat(p[from + 6 * POSITIONS + j]), o6);
                o7 = value.fma(Lanes.splat(p[from + 7 * POSITIONS + j]), o7);
            }
            o0.intoArray(output, to);
            o1.intoArray(output, to + dimension);
            o2.intoArray(output, to + 2 * dimension);
            o3.intoArray(output, to + 3 * dimension);
            o4.intoArray(output, to + 4 * dimension);
            o5.intoArray(output, to + 5 * dimension);
            o6.intoArray(output, to + 6 * dimension);
            o7.intoArray(output, to + 7 * dimension);
        } else {
            FloatVector o0 = FloatVector.fromArray(F, output, to);
            FloatVector o1 = FloatVector.fromArray(F, output, to + dimension);
            FloatVector o2 = FloatVector.fromArray(F, output, to + 2 * dimension);
            FloatVector o3 = FloatVector.fromArray(F, output, to + 3 * dimension);
            for (int j = 0; j < POSITIONS; j++) {
                FloatVector value = load(memory, values + (long) j * dimension * 4);
                o0 = value.fma(Lanes.splat(p[from + j]), o0);
                o1 = value.fma(Lanes.splat(p[from + POSITIONS + j]), o1);
                o2 = value.fma(Lanes.splat(p[from + 2 * POSITIONS + j]), o2);
                o3 = value.fma(Lanes.splat(p[from + 3 * POSITIONS + j]), o3);
            }
            o0.intoArray(output, to);
            o1.intoArray(output, to + dimension);
            o2.intoArray(output, to + 2 * dimension);
            o3.intoArray(output, to + 3 * dimension);
        }
    }

    /// As [#output] for 8 queries, two vectors of dimensions, which reads each probability half as often.
    private static void output8Twice(
            float[] p, int from, int dimension, MemorySegment memory, long values, float[] output, int to) {
        FloatVector a0 = FloatVector.fromArray(F, output, to);
        FloatVector b0 = FloatVector.fromArray(F, output, to + L);
        FloatVector a1 = FloatVector.fromArray(F, output, to + dimension);
        FloatVector b1 = FloatVector.fromArray(F, output, to + dimension + L);
        FloatVector a2 = FloatVector.fromArray(F, output, to + 2 * dimension);
        FloatVector b2 = FloatVector.fromArray(F, output, to + 2 * dimension + L);
        FloatVector a3 = FloatVector.fromArray(F, output, to + 3 * dimension);
        FloatVector b3 = FloatVector.fromArray(F, output, to + 3 * dimension + L);
        FloatVector a4 = FloatVector.fromArray(F, output, to + 4 * dimension);
        FloatVector b4 = FloatVector.fromArray(F, output, to + 4 * dimension + L);
        FloatVector a5 = FloatVector.fromArray(F, output, to + 5 * dimension);
        FloatVector b5 = FloatVector.fromArray(F, output, to + 5 * dimension + L);
        FloatVector a6 = FloatVector.fromArray(F, output, to + 6 * dimension);
        FloatVector b6 = FloatVector.fromArray(F, output, to + 6 * dimension + L);
        FloatVector a7 = FloatVector.fromArray(F, output, to + 7 * dimension);
        FloatVector b7 = FloatVector.fromArray(F, output, to + 7 * dimension + L);
        for (int j = 0; j < POSITIONS; j++) {
            FloatVector va = load(memory, values + (long) j * dimension * 4);
            FloatVector vb = load(memory, values + (long) j * dimension * 4 + L * 4L);
            FloatVector p0 = Lanes.splat(p[from + j]);
            a0 = va.fma(p0, a0);
            b0 = vb.fma(p0, b0);
            FloatVector p1 = Lanes.splat(p[from + POSITIONS + j]);
            a1 = va.fma(p1, a1);
            b1 = vb.fma(p1, b1);
            FloatVector p2 = Lanes.splat(p[from + 2 * POSITIONS + j]);
            a2 = va.fma(p2, a2);
            b2 = vb.fma(p2, b2);
            FloatVector p3 = Lanes.splat(p[from + 3 * POSITIONS + j]);
            a3 = va.fma(p3, a3);
            b3 = vb.fma(p3, b3);
            FloatVector p4 = Lanes.splat(p[from + 4 * POSITIONS + j]);
            a4 = va.fma(p4, a4);
            b4 = vb.fma(p4, b4);
            FloatVector p5 = Lanes.splat(p[from + 5 * POSITIONS + j]);
            a5 = va.fma(p5, a5);
            b5 = vb.fma(p5, b5);
            FloatVector p6 = Lanes.splat(p[from + 6 * POSITIONS + j]);
            a6 = va.fma(p6, a6);
            b6 = vb.fma(p6, b6);
            FloatVector p7 = Lanes.splat(p[from + 7 * POSITIONS + j]);
            a7 = va.fma(p7, a7);
            b7 = vb.fma(p7, b7);
        }
        a0.intoArray(output, to);
        b0.intoArray(output, to + L);
        a1.intoArray(output, to + dimension);
        b1.intoArray(output, to + dimension + L);
        a2.intoArray(output, to + 2 * dimension);
        b2.intoArray(output, to + 2 * dimension + L);
        a3.intoArray(output, to + 3 * dimension);
        b3.intoArray(output, to + 3 * dimension + L);
        a4.intoArray(output, to + 4 * dimension);
        b4.intoArray(output, to + 4 * dimension + L);
        a5.intoArray(output, to + 5 * dimension);
        b5.intoArray(output, to + 5 * dimension + L);
        a6.intoArray(output, to + 6 * dimension);
        b6.intoArray(output, to + 6 * dimension + L);
        a7.intoArray(output, to + 7 * dimension);
        b7.intoArray(output, to + 7 * dimension + L);
    }

    /// Scores of a page to probabilities, and to the sums. Mostly no score exceeds the maximum.
    private static void probabilities(AttentionTile tile, int query, int page, int at) {
        float[] p = tile.probability;
        int first = tile.first[query] - page * POSITIONS;
        int last = tile.last[query] - page * POSITIONS;
        if (first > 0 || last < POSITIONS - 1) {
            mask(p, at, first, last);
        }
        if (exceeds(p, at, tile.maximum[query])) {
            raise(tile, query, greatest(p, at));
        }
        float maximum = tile.maximum[query];
        float shift = maximum == Float.NEGATIVE_INFINITY ? 0 : maximum;
        int sum = query * POSITIONS;
        for (int part = 0; part < POSITIONS; part += L) {
            FloatVector probability =
                    Lanes.exp(FloatVector.fromArray(F, p, at + part).sub(shift));
            probability.intoArray(p, at + part);
            FloatVector.fromArray(F, tile.sum, sum + part).add(probability).intoArray(tile.sum, sum + part);
        }
    }

    private static boolean exceeds(float[] scores, int at, float maximum) {
        for (int part = at; part < at + POSITIONS; part += L) {
            if (FloatVector.fromArray(F, scores, part)
                    .compare(VectorOperators.GT, maximum)
                    .anyTrue()) {
                return true;
            }
        }
        return false;
    }

    private static void raise(AttentionTile tile, int query, float maximum) {
        float shrink = Exponential.of(tile.maximum[query] - maximum);
        scale(tile.sum, query * POSITIONS, POSITIONS, shrink);
        scale(tile.output, query * tile.dimension(), tile.dimension(), shrink);
        tile.maximum[query] = maximum;
    }

    /// Positions outside of `first .. last` of the page cannot be seen.
    private static void mask(float[] scores, int at, int first, int last) {
        for (int j = 0; j < first && j < POSITIONS; j++) {
            scores[at + j] = Float.NEGATIVE_INFINITY;
        }
        for (int j = Math.max(0, last + 1); j < POSITIONS; j++) {
            scores[at + j] = Float.NEGATIVE_INFINITY;
        }
    }

    /// The greatest of 16, compared as integers in the order of floats, which is cheaper than `Math.max`.
    private static float greatest(float[] values, int at) {
        int greatest = Integer.MIN_VALUE;
        for (int part = at; part < at + POSITIONS; part += L) {
            IntVector bits = FloatVector.fromArray(F, values, part).reinterpretAsInts();
            IntVector ordered = bits.lanewise(
                    VectorOperators.XOR, bits.lanewise(VectorOperators.ASHR, 31).and(0x7FFFFFFF));
            greatest = Math.max(greatest, ordered.reduceLanes(VectorOperators.MAX));
        }
        return Float.intBitsToFloat(greatest ^ (greatest >> 31 & 0x7FFFFFFF));
    }

    private static void scale(float[] values, int at, int count, float factor) {
        for (int i = at; i < at + count; i += L) {
            FloatVector.fromArray(F, values, i).mul(factor).intoArray(values, i);
        }
    }

    private static FloatVector load(MemorySegment memory, long at) {
        return FloatVector.fromMemorySegment(F, memory, at, LITTLE_ENDIAN);
    }
}
