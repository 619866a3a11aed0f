package io.llmserve.routing.kv;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Walks a prompt's blocks from the first on, all workers at once: those that have every block so far are a
/// row of bits, which loses members and never gets any; where it is empty the walk ends. One probe of a table
/// per block, each at an address that is known beforehand, so that the processor has many on their way.
final class PrefixLookup {
    private final PerMedium<BlockTable> stored;
    private final BlockTable guessed;
    private long[] alive = new long[1];
    private long[] having = new long[1];

    PrefixLookup(PerMedium<BlockTable> stored, BlockTable guessed) {
        this.stored = stored;
        this.guessed = guessed;
    }

    void match(List<@Nullable IndexedWorker> workers, PrefixKeys prompt, PrefixMatch into) {
        into.reset(workers.size());
        int words = Math.max(1, (workers.size() + 63) >>> 6);
        if (alive.length != words) {
            alive = new long[words];
            having = new long[words];
        }
        int size = nextSize(workers, 0);
        while (size > 0) {
            match(workers, size, prompt.keys(size), into);
            size = nextSize(workers, size);
        }
    }

    /// The smallest block size among the workers that is greater than `size`; 0 where there is none.
    private static int nextSize(List<@Nullable IndexedWorker> workers, int size) {
        int next = Integer.MAX_VALUE;
        for (IndexedWorker worker : workers) {
            if (worker != null && worker.blockTokens() > size && worker.blockTokens() < next) {
                next = worker.blockTokens();
            }
        }
        return next == Integer.MAX_VALUE ? 0 : next;
    }

    private void match(List<@Nullable IndexedWorker> workers, int size, long[] keys, PrefixMatch into) {
        BlockTable device = stored.device();
        BlockTable host = stored.host();
        BlockTable storage = stored.storage();
        walk(workers, size, keys, into.device, device, guessed);
        if (host.isEmpty()) {
            copy(into.device, into.host);
        } else {
            walk(workers, size, keys, into.host, device, guessed, host);
        }
        if (storage.isEmpty()) {
            copy(into.host, into.any);
        } else {
            walk(workers, size, keys, into.any, device, guessed, host, storage);
        }
        if (guessed.isEmpty()) {
            copy(into.any, into.confirmed);
        } else {
            walk(workers, size, keys, into.confirmed, device, host, storage);
        }
    }

    private static void copy(int[] from, int[] to) {
        System.arraycopy(from, 0, to, 0, from.length);
    }

    private void walk(
            List<@Nullable IndexedWorker> workers, int size, long[] keys, int[] counts, BlockTable... tables) {
        Arrays.fill(alive, 0);
        for (int number = 0; number < workers.size(); number++) {
            IndexedWorker worker = workers.get(number);
            if (worker != null && worker.blockTokens() == size) {
                alive[number >>> 6] |= 1L << number;
            }
        }
        int used = 0;
        for (BlockTable table : tables) {
            if (!table.isEmpty()) {
                tables[used++] = table;
            }
        }
        if (alive.length == 1) {
            walkInOneWord(keys, size, counts, tables, used);
            return;
        }
        for (int block = 0; block < keys.length; block++) {
            Arrays.fill(having, 0);
            for (int table = 0; table < used; table++) {
                tables[table].collect(keys[block], having);
            }
            if (keepThoseWho(having, block * size, counts)) {
                return;
            }
        }
        Arrays.fill(having, 0);
        keepThoseWho(having, keys.length * size, counts);
    }

    /// The same for up to 64 workers: loops over arrays of one word would cost more than all else.
    private void walkInOneWord(long[] keys, int size, int[] counts, BlockTable[] tables, int used) {
        long left = used == 0 ? 0 : alive[0];
        for (int block = 0; block < keys.length && left != 0; block++) {
            long have = tables[0].firstWord(keys[block]);
            for (int table = 1; table < used; table++) {
                have |= tables[table].firstWord(keys[block]);
            }
            end(left & ~have, 0, block * size, counts);
            left &= have;
        }
        end(left, 0, keys.length * size, counts);
    }

    /// Ends the walk of those who do not have the block, with `tokens`; true where nobody is left.
    private boolean keepThoseWho(long[] have, int tokens, int[] counts) {
        long left = 0;
        for (int word = 0; word < alive.length; word++) {
            end(alive[word] & ~have[word], word, tokens, counts);
            alive[word] &= have[word];
            left |= alive[word];
        }
        return left == 0;
    }

    private static void end(long workers, int word, int tokens, int[] counts) {
        for (long left = workers; left != 0; left &= left - 1) {
            counts[64 * word + Long.numberOfTrailingZeros(left)] = tokens;
        }
    }
}
