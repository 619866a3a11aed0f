package io.llmserve.routing.kv;

import java.util.Arrays;

/// A map from `long` to `long` in parts that grow one by one, each small enough for a core's own cache:
/// growing costs less, and never stops the owner for longer than a part takes.
final class LongTables {
    private final LongTable[] parts;
    private final int shift;

    /// @param bits of the number of parts
    LongTables(int bits) {
        this.parts = new LongTable[1 << bits];
        this.shift = Long.SIZE - bits;
        Arrays.setAll(parts, part -> new LongTable(bits));
    }

    /// The part in which `key` is, or would be.
    LongTable of(long key) {
        return parts[(int) (LongTable.hash(key) >>> shift)];
    }

    int parts() {
        return parts.length;
    }

    LongTable part(int number) {
        return parts[number & (parts.length - 1)];
    }

    long bytes() {
        long bytes = 0;
        for (LongTable part : parts) {
            bytes += part.bytes();
        }
        return bytes;
    }

    void trim() {
        for (LongTable part : parts) {
            part.trim();
        }
    }
}
