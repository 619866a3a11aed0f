package io.llmserve.tensor;

import java.lang.foreign.MemorySegment;

/// Puts keys and values of rows into their pages.
final class KvWriter {
    private KvWriter() {}

    /// One row of one layer. The first position of a page clears V of those that its span does not fill, so
    /// that a masked position never holds what an earlier owner left (0 * NaN would spread). Positions that the
    /// span fills are left to their own rows, which other threads may have written already.
    static void write(KvCache cache, int layer, Batch batch, Heads keys, Heads values, int row) {
        KvLayout layout = cache.layout();
        int page = batch.pageOf(row);
        int position = batch.position(row);
        int slot = position % KvLayout.PAGE_POSITIONS;
        int filled = Math.min(KvLayout.PAGE_POSITIONS, batch.endPosition(row) - position);
        int dimension = layout.headDimension();
        for (int head = 0; head < layout.kvHeads(); head++) {
            long key = cache.keyOffset(page, layer, head);
            long value = cache.valueOffset(page, layer, head);
            if (slot == 0) {
                long from = layout.planeBytes() / KvLayout.PAGE_POSITIONS * filled;
                cache.memory().asSlice(value + from, layout.planeBytes() - from).fill((byte) 0);
            }
            int keyAt = keys.at(row, head);
            int valueAt = values.at(row, head);
            switch (layout.type()) {
                case F32 -> {
                    floats(cache.memory(), key + slot * 4L, 64, keys.values(), keyAt, dimension);
                    floats(
                            cache.memory(),
                            value + (long) slot * dimension * 4L,
                            4,
                            values.values(),
                            valueAt,
                            dimension);
                }
                case BF16 -> {
                    halves(cache.memory(), key + slot * 2L, 32, keys.values(), keyAt, dimension);
                    halves(
                            cache.memory(),
                            value + (long) slot * dimension * 2L,
                            2,
                            values.values(),
                            valueAt,
                            dimension);
                }
            }
        }
    }

    private static void floats(MemorySegment out, long at, int step, float[] x, int from, int count) {
        for (int i = 0; i < count; i++) {
            out.set(ScalarKernels.FLOAT, at + (long) i * step, x[from + i]);
        }
    }

    private static void halves(MemorySegment out, long at, int step, float[] x, int from, int count) {
        for (int i = 0; i < count; i++) {
            out.set(ScalarKernels.SHORT, at + (long) i * step, bfloat16(x[from + i]));
        }
    }

    /// Rounds to nearest, ties to even; NaN stays NaN.
    static short bfloat16(float x) {
        int bits = Float.floatToRawIntBits(x);
        int rounded = bits + 0x7FFF + ((bits >>> 16) & 1);
        return (short) ((Float.isNaN(x) ? bits | 0x400000 : rounded) >>> 16);
    }
}
