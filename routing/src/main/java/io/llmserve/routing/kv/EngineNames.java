package io.llmserve.routing.kv;

/// The blocks of one worker in one medium: from the engine's name of a block to our key. Holds no more than
/// `limit`; beyond it a block that was not looked up of late goes (a clock's hand over the slots, as in
/// CLOCK).
final class EngineNames {
    /// 16 parts: of a worker's million blocks 65,000 each.
    private static final int PART_BITS = 4;
    /// How many blocks the hand passes by before it takes one that was looked up.
    private static final int MOST_SPARED = 8;

    private final int limit;
    private LongTables keys = new LongTables(PART_BITS);
    /// Copies beyond the first: an engine that computes a prompt twice at once has its blocks twice, tells of
    /// both, and tells when either goes.
    private LongTable copies = new LongTable(0);
    private int size;
    private int hand;

    EngineNames(int limit) {
        this.limit = limit;
    }

    long bytes() {
        return keys.bytes() + copies.bytes();
    }

    boolean isFull() {
        return size >= limit;
    }

    /// Our key, or 0.
    long key(long name) {
        return size == 0 ? 0 : keys.of(name).get(name);
    }

    /// The key that the name had before: 0 for none. One more copy where it is the same.
    long stored(long name, long key) {
        long before = keys.of(name).put(name, key);
        if (before == 0) {
            size++;
        } else if (before == key) {
            copies.put(name, 1 + copies.get(name));
        } else {
            copies.remove(name);
        }
        return before;
    }

    /// The key where the last copy has gone; 0 where one is left or none was known.
    long removed(long name) {
        int extra = copies.find(name);
        if (extra < 0) {
            long key = keys.of(name).remove(name);
            size -= key == 0 ? 0 : 1;
            return key;
        }
        if (copies.value(extra) == 1) {
            copies.removeAt(extra);
        } else {
            copies.value(extra, copies.value(extra) - 1);
        }
        return 0;
    }

    /// Takes one block out and returns its key. The parts are alike, as keys are hashes: one of them stands
    /// for all.
    long evict(BlockTable table) {
        int number = hand;
        while (keys.part(number).size() == 0) {
            number++;
        }
        LongTable part = keys.part(number);
        int slot = hand / keys.parts() % part.capacity();
        for (int spared = 0; ; slot = part.next(slot)) {
            if (part.isUsed(slot) && (!table.wasLookedUp(part.value(slot)) || spared++ == MOST_SPARED)) {
                long key = part.value(slot);
                copies.remove(part.key(slot));
                part.removeAt(slot);
                size--;
                hand = (hand + 1) & Integer.MAX_VALUE;
                return key;
            }
        }
    }

    /// Takes all blocks of this worker out of the table.
    void clear(BlockTable table, int worker) {
        for (int number = 0; number < keys.parts(); number++) {
            LongTable part = keys.part(number);
            for (int slot = 0; slot < part.capacity(); slot++) {
                if (part.isUsed(slot)) {
                    table.remove(part.value(slot), worker);
                }
            }
        }
        keys = new LongTables(PART_BITS);
        copies = new LongTable(0);
        size = 0;
        table.trim();
    }
}
