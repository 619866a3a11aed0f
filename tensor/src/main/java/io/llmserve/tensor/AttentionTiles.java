package io.llmserve.tensor;

import java.util.Arrays;

/// The scratch of attention, kept from call to call: one tile for each thread, and tiles that hold the segments
/// of a call until they are merged.
final class AttentionTiles {
    private final ThreadLocal<AttentionTile> own = ThreadLocal.withInitial(() -> new AttentionTile(16));
    private AttentionTile[] reserved = {};

    AttentionTile own(int dimension) {
        AttentionTile tile = own.get();
        if (tile.dimension() != dimension) {
            tile = new AttentionTile(dimension);
            own.set(tile);
        }
        return tile;
    }

    /// Makes sure that tiles `0 .. count - 1` exist; not while tasks use them.
    void reserve(int count, int dimension) {
        int kept = reserved.length > 0 && reserved[0].dimension() == dimension ? reserved.length : 0;
        if (kept < count) {
            reserved = Arrays.copyOf(reserved, count);
            for (int i = kept; i < count; i++) {
                reserved[i] = new AttentionTile(dimension);
            }
        }
    }

    AttentionTile reserved(int index) {
        return reserved[index];
    }
}
