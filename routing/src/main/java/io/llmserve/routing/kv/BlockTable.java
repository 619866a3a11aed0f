package io.llmserve.routing.kv;

/// Which workers have a block, for all blocks in one medium.
///
/// Most blocks are the private end of one conversation and on one worker; few, the shared beginnings, are on
/// many. So up to four workers lie in the table itself, in lanes of 15 bits of the value; more of them have a
/// row of bits, whose number is the value. One bit more tells whether a lookup passed by since an eviction
/// did.
final class BlockTable {
    /// Lanes hold the worker plus 1.
    static final int MOST_WORKERS = 0x7FFE;

    /// 256 parts: of four million blocks 16,000 each, a third of a megabyte.
    private static final int PART_BITS = 8;

    private static final int LANES = 4;
    private static final int LANE_BITS = 15;
    private static final long LANE = 0x7FFF;
    private static final long IS_ROW = 1L << 63;
    private static final long LOOKED_UP = 1L << 62;
    /// A row with this many workers goes back into the lanes; not four, or two workers could make it come and
    /// go.
    private static final int BACK_TO_LANES = 2;

    private final LongTables tables = new LongTables(PART_BITS);
    private final WorkerRows rows = new WorkerRows();
    private long pairs;

    /// Pairs of a block and a worker.
    long pairs() {
        return pairs;
    }

    boolean isEmpty() {
        return pairs == 0;
    }

    long bytes() {
        return tables.bytes() + rows.bytes();
    }

    void reach(int worker) {
        rows.reach(worker);
    }

    boolean add(long block, int worker) {
        LongTable sets = tables.of(block);
        int slot = sets.findOrAdd(block);
        long set = sets.value(slot);
        long grown = set < 0 ? inRow(set, worker) : inLanes(set, worker);
        if (grown == 0) {
            return false;
        }
        sets.value(slot, grown);
        pairs++;
        return true;
    }

    /// The set with the worker; 0 where it was there.
    private long inRow(long set, int worker) {
        return rows.set(row(set), worker) ? set : 0;
    }

    private long inLanes(long set, int worker) {
        for (int lane = 0; lane < LANES; lane++) {
            long there = lane(set, lane);
            if (there == worker + 1L) {
                return 0;
            }
            if (there == 0) {
                return set | ((worker + 1L) << (lane * LANE_BITS));
            }
        }
        int row = rows.take();
        for (int lane = 0; lane < LANES; lane++) {
            rows.set(row, (int) lane(set, lane) - 1);
        }
        rows.set(row, worker);
        return IS_ROW | (set & LOOKED_UP) | row;
    }

    boolean remove(long block, int worker) {
        LongTable sets = tables.of(block);
        int slot = sets.find(block);
        if (slot < 0) {
            return false;
        }
        long set = sets.value(slot);
        boolean removed = set < 0 ? outOfRow(sets, slot, worker) : outOfLanes(sets, slot, worker);
        if (removed) {
            pairs--;
        }
        return removed;
    }

    private boolean outOfRow(LongTable sets, int slot, int worker) {
        long set = sets.value(slot);
        int row = row(set);
        if (!rows.clear(row, worker)) {
            return false;
        }
        if (rows.count(row) <= BACK_TO_LANES) {
            long lanes = set & LOOKED_UP;
            int lane = 0;
            for (int at = 0; at < rows.width(); at++) {
                for (long left = rows.word(row, at); left != 0; left &= left - 1) {
                    long member = 64L * at + Long.numberOfTrailingZeros(left);
                    lanes |= (member + 1) << (lane++ * LANE_BITS);
                }
            }
            rows.give(row);
            sets.value(slot, lanes);
        }
        return true;
    }

    /// The last lane in use moves to where the worker was: lanes are used from the lowest on.
    private boolean outOfLanes(LongTable sets, int slot, int worker) {
        long set = sets.value(slot);
        int found = -1;
        int last = -1;
        for (int lane = 0; lane < LANES && lane(set, lane) != 0; lane++) {
            found = lane(set, lane) == worker + 1L ? lane : found;
            last = lane;
        }
        if (found < 0) {
            return false;
        }
        if (last == 0) {
            sets.removeAt(slot);
            return true;
        }
        long moved = lane(set, last);
        long without = set & ~(LANE << (found * LANE_BITS)) & ~(LANE << (last * LANE_BITS));
        sets.value(slot, found == last ? without : without | (moved << (found * LANE_BITS)));
        return true;
    }

    boolean has(long block, int worker) {
        long set = tables.of(block).get(block);
        if (set < 0) {
            return (rows.word(row(set), worker >>> 6) & (1L << worker)) != 0;
        }
        for (int lane = 0; lane < LANES; lane++) {
            if (lane(set, lane) == worker + 1L) {
                return true;
            }
        }
        return false;
    }

    /// Adds the block's workers to `members`, a row of bits, and remembers that it was looked up.
    void collect(long block, long[] members) {
        long set = lookUp(block);
        if (set < 0) {
            int row = row(set);
            for (int at = 0; at < rows.width(); at++) {
                members[at] |= rows.word(row, at);
            }
            return;
        }
        for (long lanes = set; lanes != 0; lanes >>>= LANE_BITS) {
            int worker = (int) (lanes & LANE) - 1;
            members[worker >>> 6] |= 1L << worker;
        }
    }

    /// The same where there are no more than 64 workers.
    long firstWord(long block) {
        long set = lookUp(block);
        if (set < 0) {
            return rows.word(row(set), 0);
        }
        long members = 0;
        for (long lanes = set; lanes != 0; lanes >>>= LANE_BITS) {
            members |= 1L << (lanes - 1);
        }
        return members;
    }

    /// Without the mark that it leaves.
    private long lookUp(long block) {
        LongTable sets = tables.of(block);
        int slot = sets.find(block);
        if (slot < 0) {
            return 0;
        }
        long set = sets.value(slot);
        if ((set & LOOKED_UP) == 0) {
            sets.value(slot, set | LOOKED_UP);
        }
        return set & ~LOOKED_UP;
    }

    /// Whether the block was looked up since this was asked last.
    boolean wasLookedUp(long block) {
        LongTable sets = tables.of(block);
        int slot = sets.find(block);
        if (slot < 0) {
            return false;
        }
        long set = sets.value(slot);
        sets.value(slot, set & ~LOOKED_UP);
        return (set & LOOKED_UP) != 0;
    }

    void trim() {
        tables.trim();
    }

    private static long lane(long set, int lane) {
        return (set >>> (lane * LANE_BITS)) & LANE;
    }

    private static int row(long set) {
        return (int) set;
    }
}
