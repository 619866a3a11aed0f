package io.llmserve.routing.kv;

/// The blocks that one worker should have, as prompts were sent there: until its events confirm them, for so
/// long as nothing was heard, or, where it has no events, for as long as its cache is believed to keep them.
/// Bounded: beyond `limit` the one unused for longest among a few goes, and of one prompt's blocks the last.
final class GuessedBlocks {
    private static final int SAMPLE = 8;
    private static final int DEPTH_BITS = 16;
    private static final int DEEPEST = (1 << DEPTH_BITS) - 1;
    /// Expired blocks are looked for this many times in a lifetime.
    private static final int SWEEPS = 8;

    private final int worker;
    private final int limit;
    private final long lifeMillis;
    private final BlockTable table;
    /// Key to when it was used, a later time and a lesser depth being the greater number.
    private final LongTable used = new LongTable(0);
    private int hand;
    private long nextSweepMillis;

    GuessedBlocks(int worker, int limit, long lifeMillis, BlockTable table) {
        this.worker = worker;
        this.limit = limit;
        this.lifeMillis = lifeMillis;
        this.table = table;
    }

    int size() {
        return used.size();
    }

    long bytes() {
        return used.bytes();
    }

    void add(long block, int depth, long nowMillis) {
        if (limit == 0) {
            return;
        }
        long stamp = ((nowMillis + 1) << DEPTH_BITS) + DEEPEST - Math.min(depth, DEEPEST);
        int slot = used.find(block);
        if (slot >= 0) {
            used.value(slot, Math.max(used.value(slot), stamp));
            return;
        }
        if (used.size() >= limit) {
            evict();
        }
        used.put(block, stamp);
        table.add(block, worker);
    }

    void remove(long block) {
        if (used.size() > 0 && used.remove(block) != 0) {
            table.remove(block, worker);
        }
    }

    /// Drops what nobody asked for within its lifetime; what is older than that by an eighth is gone after
    /// this.
    void expire(long nowMillis) {
        if (used.size() == 0 || nowMillis < nextSweepMillis) {
            return;
        }
        nextSweepMillis = nowMillis + Math.max(1, lifeMillis / SWEEPS);
        long oldest = (nowMillis - lifeMillis + 1) << DEPTH_BITS;
        for (int slot = 0; slot < used.capacity(); slot++) {
            while (used.isUsed(slot) && used.value(slot) < oldest) {
                removeAt(slot);
            }
        }
        used.trim();
    }

    void clear() {
        for (int slot = 0; slot < used.capacity(); slot++) {
            while (used.isUsed(slot)) {
                removeAt(slot);
            }
        }
        used.trim();
    }

    private void evict() {
        hand = hand < used.capacity() ? hand : 0;
        int oldest = -1;
        for (int seen = 0; seen < Math.min(SAMPLE, used.size()); hand = used.next(hand)) {
            if (used.isUsed(hand)) {
                oldest = oldest < 0 || used.value(hand) < used.value(oldest) ? hand : oldest;
                seen++;
            }
        }
        removeAt(oldest);
    }

    private void removeAt(int slot) {
        table.remove(used.key(slot), worker);
        used.removeAt(slot);
    }
}
