package io.llmserve.routing.kv;

/// A map from `long` to `long` that is not 0. Open addressing with linear probing in one array, key beside
/// value, so that a lookup is one cache line in most cases. A key's place is its hash scaled to the capacity,
/// not masked: the capacity can be any number and grows by a third, so that at most 27 bytes are spent on an
/// entry, and the entries of a grown table lie in the order of the old one, which makes growing a copy.
final class LongTable {
    private static final int SMALLEST = 12;
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    /// So many of a hash's first bits are the same for all keys.
    private final int sharedBits;
    private long[] slots = new long[2 * SMALLEST];
    private int capacity = SMALLEST;
    private int size;

    LongTable(int sharedBits) {
        this.sharedBits = sharedBits;
    }

    static long hash(long key) {
        return key * SPREAD;
    }

    int size() {
        return size;
    }

    int capacity() {
        return capacity;
    }

    long bytes() {
        return 8L * slots.length;
    }

    /// The slot of `key`, or -1.
    int find(long key) {
        long[] entries = slots;
        int slot = home(key);
        while (true) {
            if (entries[2 * slot + 1] == 0) {
                return -1;
            }
            if (entries[2 * slot] == key) {
                return slot;
            }
            slot = next(slot);
        }
    }

    /// 0 where it is not there.
    long get(long key) {
        int slot = find(key);
        return slot < 0 ? 0 : slots[2 * slot + 1];
    }

    boolean isUsed(int slot) {
        return slots[2 * slot + 1] != 0;
    }

    /// The slot of `key`. Where it is not there it takes a slot with the value 0, which must not stay.
    int findOrAdd(long key) {
        if (5L * (size + 1L) > 4L * capacity) {
            resize(capacity + Math.max(SMALLEST, capacity / 3));
        }
        int slot = home(key);
        while (slots[2 * slot + 1] != 0) {
            if (slots[2 * slot] == key) {
                return slot;
            }
            slot = next(slot);
        }
        slots[2 * slot] = key;
        size++;
        return slot;
    }

    long key(int slot) {
        return slots[2 * slot];
    }

    long value(int slot) {
        return slots[2 * slot + 1];
    }

    void value(int slot, long value) {
        slots[2 * slot + 1] = value;
    }

    /// Adds, or replaces and returns what was there; 0 where there was nothing.
    long put(long key, long value) {
        int slot = findOrAdd(key);
        long before = slots[2 * slot + 1];
        slots[2 * slot + 1] = value;
        return before;
    }

    long remove(long key) {
        int slot = find(key);
        if (slot < 0) {
            return 0;
        }
        long before = value(slot);
        removeAt(slot);
        return before;
    }

    /// Closes the gap: entries behind it that could not lie at their own place move up. Another entry may lie
    /// in `slot` afterwards.
    void removeAt(int slot) {
        int gap = slot;
        int at = next(gap);
        while (slots[2 * at + 1] != 0) {
            int home = home(slots[2 * at]);
            boolean reachable = gap <= at ? (home <= gap || home > at) : (home <= gap && home > at);
            if (reachable) {
                slots[2 * gap] = slots[2 * at];
                slots[2 * gap + 1] = slots[2 * at + 1];
                gap = at;
            }
            at = next(at);
        }
        slots[2 * gap + 1] = 0;
        size--;
    }

    /// Gives memory back after many entries have gone. Slots change.
    void trim() {
        if (capacity > SMALLEST && size < capacity / 3) {
            resize(Math.max(SMALLEST, size + size / 2));
        }
    }

    int next(int slot) {
        return slot + 1 == capacity ? 0 : slot + 1;
    }

    private int home(long key) {
        return (int) Math.unsignedMultiplyHigh(hash(key) << sharedBits, capacity);
    }

    private void resize(int newCapacity) {
        long[] old = slots;
        slots = new long[2 * newCapacity];
        capacity = newCapacity;
        for (int i = 0; i < old.length; i += 2) {
            if (old[i + 1] != 0) {
                int slot = home(old[i]);
                while (slots[2 * slot + 1] != 0) {
                    slot = next(slot);
                }
                slots[2 * slot] = old[i];
                slots[2 * slot + 1] = old[i + 1];
            }
        }
    }
}
