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
        for (int page = tile.firstPage(segment); page <= tile.lastPage(segment); page++) {
            long keys = cache.keyOffset(tile.pages[page], layer, tile.kvHead);
            long values = cache.valueOffset(tile.pages[page], layer, tile.kvHead);
            MemorySegment memory = cache.memory();
            if (cache.layout().type() == KvLayout.Type.BF16) {
                memory = widen(memory, keys, tile.dimension());
                keys = 0;
                values = 4L * tile.dimension() * POSITIONS;
            }
            attendPage(tile, memory, keys, values, page);
        }
    }

    /// K and V lie together: both planes at once.
    private MemorySegment widen(MemorySegment memory, long at, int dimension) {
        int count = 2 * dimension * POSITIONS;
        MemorySegment floats = widened.get();
        if (floats.byteSize() < count * 4L) {
            floats = Arena.ofAuto().allocate(count * 4L, 64);
            widened.set(floats);
        }
        for (int i = 0; i < count; i += L) {
            ShortVector halves = ShortVector.fromMemorySegment(Lanes.SHORT, memory, at + i * 2L, LITTLE_ENDIAN);
            Lanes.widen(halves).intoMemorySegment(floats, i * 4L, LITTLE_ENDIAN);
        }
        return floats;
    }

    private static void attendPage(AttentionTile tile, MemorySegment memory, long keys, long values, int page) {
        int dimension = tile.dimension();
        for (int part = 0; part < POSITIONS; part += L) {
            scores(tile.queries, tile.query, dimension, memory, keys + part * 4L, tile.probability, part);
        }
        for (int query = 0; query < tile.queries; query++) {
            probabilities(tile, query, page);
        }
        int d = 0;
        if (WIDE_TILE && tile.queries > 4) {
            for (; d + 2 * L <= dimension; d += 2 * L) {
                output8Twice(tile.probability, dimension, memory, values + d * 4L, tile.output, d);
            }
        }
        for (; d < dimension; d += L) {
            output(tile.queries, tile.probability, dimension, memory, values + d * 4L, tile.output, d);
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

    /// Adds probabilities `[queries, 16]` times V `[16][dimension]`, one vector of dimensions.
    private static void output(
            int queries, float[] p, int dimension, MemorySegment memory, long values, float[] output, int to) {
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
                o0 = value.fma(Lanes.splat(p[j]), o0);
                o1 = value.fma(Lanes.splat(p[POSITIONS + j]), o1);
                o2 = value.fma(Lanes.splat(p[2 * POSITIONS + j]), o2);
                o3 = value.fma(Lanes.splat(p[3 * POSITIONS + j]), o3);
                o4 = value.fma(Lanes.splat(p[4 * POSITIONS + j]), o4);
                o5 = value.fma(Lanes.splat(p[5 * POSITIONS + j]), o5);
                o6 = value.fma(Lanes.splat(p[6 * POSITIONS + j]), o6);
                o7 = value.fma(Lanes.splat(p[7 * POSITIONS + j]), o7);
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
                o0 = value.fma(Lanes.splat(p[j]), o0);
                o1 = value.fma(Lanes.splat(p[POSITIONS + j]), o1);
                o2 = value.fma(Lanes.splat(p[2 * POSITIONS + j]), o2);
                o3 = value.fma(Lanes.splat(p[3 * POSITIONS + j]), o3);
            }
            o0.intoArray(output, to);
            o1.intoArray(output, to + dimension);
            o2.intoArray(output, to + 2 * dimension);
            o3.intoArray(output, to + 3 * dimension);
        }
    }

    /// As [#output] for 8 queries, two vectors of dimensions, which reads each probability half as often.
    private static void output8Twice(
            float[] p, int dimension, MemorySegment memory, long values, float[] output, int to) {
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
            FloatVector p0 = Lanes.splat(p[j]);
            a0 = va.fma(p0, a0);
            b0 = vb.fma(p0, b0);
            FloatVector p1 = Lanes.splat(p[POSITIONS + j]);
            a1 = va.fma(p1, a1);
            b1 = vb.fma(p1, b1);
            FloatVector p2 = Lanes.splat(p[2 * POSITIONS + j]);
            a2 = va.fma(p2, a2);
            b2 = vb.fma(p2, b2);
            FloatVector p3 = Lanes.splat(p[3 * POSITIONS + j]);
            a3 = va.fma(p3, a3);
            b3 = vb.fma(p3, b3);
            FloatVector p4 = Lanes.splat(p[4 * POSITIONS + j]);
            a4 = va.fma(p4, a4);
            b4 = vb.fma(p4, b4);
            FloatVector p5 = Lanes.splat(p[5 * POSITIONS + j]);
            a5 = va.fma(p5, a5);
            b5 = vb.fma(p5, b5);
            FloatVector p6 = Lanes.splat(p[6 * POSITIONS + j]);
            a6 = va.fma(p6, a6);
            b6 = vb.fma(p6, b6);
            FloatVector p7 = Lanes.splat(p[7 * POSITIONS + j]);
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

    private static void probabilities(AttentionTile tile, int query, int page) {
        float[] p = tile.probability;
        int at = query * POSITIONS;
        mask(p, at, tile.first[query] - page * POSITIONS, tile.last[query] - page * POSITIONS);
        float maximum = Math.max(tile.maximum[query], greatest(p, at));
        float shift = maximum == Float.NEGATIVE_INFINITY ? 0 : maximum;
        if (maximum > tile.maximum[query]) {
            float shrink = Exponential.of(tile.maximum[query] - maximum);
            scale(tile.sum, at, POSITIONS, shrink);
            scale(tile.output, query * tile.dimension(), tile.dimension(), shrink);
            tile.maximum[query] = maximum;
        }
        for (int part = at; part < at + POSITIONS; part += L) {
            FloatVector probability =
                    Lanes.exp(FloatVector.fromArray(F, p, part).sub(shift));
            probability.intoArray(p, part);
            FloatVector.fromArray(F, tile.sum, part).add(probability).intoArray(tile.sum, part);
        }
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
