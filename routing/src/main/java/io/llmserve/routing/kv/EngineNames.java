package io.llmserve.routing.kv;

/// The blocks of one worker in one medium: from the engine's name of a block to our key. Holds no more than
/// `limit`; beyond it a block that was not looked up of late goes (a clock's hand over the slots, as in
/// CLOCK).
final class EngineNames {
    /// How many blocks the hand passes by before it takes one that was looked up.
    private static final int MOST_SPARED = 8;

    private final int limit;
    private LongTable keys = new LongTable();
    /// Copies beyond the first: an engine that computes a prompt twice at once has its blocks twice, tells of
    /// both, and tells when either goes.
    private LongTable copies = new LongTable();
    private int hand;

    EngineNames(int limit) {
        this.limit = limit;
    }

    int size() {
        return keys.size();
    }

    long bytes() {
        return keys.bytes() + copies.bytes();
    }

    boolean isFull() {
        return keys.size() >= limit;
    }

    /// Our key, or 0.
    long key(long name) {
        return keys.get(name);
    }

    /// The key that the name had before: 0 for none. One more copy where it is the same.
    long stored(long name, long key) {
        long before = keys.put(name, key);
        if (before == key) {
            copies.put(name, 1 + copies.get(name));
        } else if (before != 0) {
            copies.remove(name);
        }
        return before;
    }

    /// The key where the last copy has gone; 0 where one is left or none was known.
    long removed(long name) {
        int extra = copies.find(name);
        if (extra < 0) {
            return keys.remove(name);
        }
        if (copies.value(extra) == 1) {
            copies.removeAt(extra);
        } else {
            copies.value(extra, copies.value(extra) - 1);
        }
        return 0;
    }

    /// Takes one block out and returns its key.
    long evict(BlockTable table) {
        hand = hand < keys.capacity() ? hand : 0;
        for (int spared = 0; ; hand = keys.next(hand)) {
            if (keys.isUsed(hand) && (!table.wasLookedUp(keys.value(hand)) || spared++ == MOST_SPARED)) {
                long key = keys.value(hand);
                copies.remove(keys.key(hand));
                keys.removeAt(hand);
                return key;
            }
        }
    }

    /// Takes all blocks of this worker out of the table.
    void clear(BlockTable table, int worker) {
        for (int slot = 0; slot < keys.capacity(); slot++) {
            if (keys.isUsed(slot)) {
                table.remove(keys.value(slot), worker);
            }
        }
        keys = new LongTable();
        copies = new LongTable();
        table.trim();
    }
}
