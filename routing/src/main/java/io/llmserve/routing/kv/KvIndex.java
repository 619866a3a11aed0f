package io.llmserve.routing.kv;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.BlockHasher;
import io.llmserve.core.KvEvent;
import io.llmserve.core.KvMedium;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which worker has which blocks. Engines name blocks by hashes of their own, so blocks are known here by a
/// key that is computed from their tokens; what an engine calls a block is remembered per worker, to find
/// parents and what is removed. One owner thread. `docs/adr/0012-index-of-kv-blocks.md` says why it is built
/// so.
public final class KvIndex {
    private final KvIndexLimits limits;
    private final PerMedium<BlockTable> stored = PerMedium.of(BlockTable::new);
    private final BlockTable guessed = new BlockTable();
    /// By number; null where the number is free.
    private final List<@Nullable IndexedWorker> workers = new ArrayList<>();

    private final PrefixLookup lookup = new PrefixLookup(stored, guessed);
    private long[] keys = new long[64];
    private long storedBlocks;
    private long removedBlocks;
    private long orphanedBlocks;
    private long passedOverBlocks;
    private long evictedBlocks;

    public KvIndex(KvIndexLimits limits) {
        this.limits = limits;
    }

    /// The number of a new worker. Numbers of workers that left are given again.
    public int join(KvWorkerOptions options) {
        int number = workers.indexOf(null);
        if (number < 0) {
            check(workers.size() < limits.workers(), "the index has its %d workers", limits.workers());
            number = workers.size();
            workers.add(null);
        }
        for (BlockTable table : stored.all()) {
            table.reach(number);
        }
        guessed.reach(number);
        workers.set(number, new IndexedWorker(number, options, limits.blocksPerWorker(), guessed));
        return number;
    }

    public void leave(int worker) {
        clear(worker);
        workers.set(worker, null);
    }

    /// An event of the worker. The order is that in which the worker published.
    public void apply(int worker, KvEvent event) {
        IndexedWorker of = worker(worker);
        switch (event) {
            case KvEvent.Stored blocks -> stored(of, blocks);
            case KvEvent.Removed blocks -> removed(of, blocks);
            case KvEvent.Cleared all -> clear(worker);
        }
    }

    /// The worker has nothing, or what it has is not known any more.
    public void clear(int worker) {
        IndexedWorker of = worker(worker);
        for (KvMedium medium : KvMedium.values()) {
            of.names.in(medium).clear(stored.in(medium), worker);
        }
        of.guesses.clear();
        of.forget();
        guessed.trim();
    }

    /// The prompt goes to the worker, which will have its blocks if it does not have them yet.
    public void routed(int worker, PrefixKeys prompt, long nowMillis) {
        IndexedWorker to = worker(worker);
        if (to.blockTokens() == 0) {
            return;
        }
        long[] blocks = prompt.keys(to.blockTokens());
        for (int depth = 0; depth < blocks.length; depth++) {
            if (!stored.device().has(blocks[depth], worker)) {
                to.guesses.add(blocks[depth], depth, nowMillis);
            }
        }
    }

    /// To be called now and then, and after pauses: drops guesses that were not confirmed.
    public void expire(long nowMillis) {
        for (IndexedWorker worker : workers) {
            if (worker != null) {
                worker.guesses.expire(nowMillis);
            }
        }
    }

    /// How much of the prompt each worker has.
    public void match(PrefixKeys prompt, PrefixMatch into) {
        lookup.match(workers, prompt, into);
    }

    public KvIndexFigures figures() {
        long pairs = guessed.pairs();
        long bytes = guessed.bytes();
        for (BlockTable table : stored.all()) {
            pairs += table.pairs();
            bytes += table.bytes();
        }
        for (IndexedWorker worker : workers) {
            bytes += worker == null ? 0 : worker.bytes();
        }
        return new KvIndexFigures(
                storedBlocks, removedBlocks, orphanedBlocks, passedOverBlocks, evictedBlocks, pairs, bytes);
    }

    private void stored(IndexedWorker of, KvEvent.Stored event) {
        int count = event.names().length;
        if (event.tokens().length == 0) {
            alsoIn(of, event);
        } else if (!of.follows(event.group(), event.blockTokens())
                || event.tokens().length != count * event.blockTokens()) {
            passedOverBlocks += count;
        } else {
            boolean first = event.parent().isEmpty();
            long parent =
                    first ? of.origin(event.adapter()) : of.key(event.parent().getAsLong());
            if (parent == 0) {
                orphanedBlocks += count;
                return;
            }
            hash(parent, event);
            for (int block = 0; block < count; block++) {
                store(of, event.medium(), event.names()[block], keys[block]);
            }
        }
    }

    private void hash(long parent, KvEvent.Stored event) {
        int count = event.names().length;
        keys = keys.length >= count ? keys : new long[count];
        BlockHasher hasher = new BlockHasher(event.blockTokens());
        long[] marks = event.marks();
        long last = parent;
        for (int block = 0; block < count; block++) {
            long from = marks.length == 0 || marks[block] == 0 ? last : BlockHasher.marked(last, marks[block]);
            last = hasher.key(from, event.tokens(), block * event.blockTokens());
            keys[block] = last;
        }
    }

    /// Blocks that the engine moved to another medium, of which it says the names alone.
    private void alsoIn(IndexedWorker of, KvEvent.Stored event) {
        for (long name : event.names()) {
            long key = of.follows(event.group(), 0) ? of.key(name) : 0;
            if (key == 0) {
                orphanedBlocks++;
            } else {
                store(of, event.medium(), name, key);
            }
        }
    }

    private void store(IndexedWorker of, KvMedium medium, long name, long key) {
        EngineNames names = of.names.in(medium);
        BlockTable table = stored.in(medium);
        if (names.isFull() && names.key(name) == 0) {
            table.remove(names.evict(table), of.number);
            evictedBlocks++;
        }
        long before = names.stored(name, key);
        if (before != key) {
            if (before != 0) {
                table.remove(before, of.number);
            }
            table.add(key, of.number);
        }
        of.guesses.remove(key);
        storedBlocks++;
    }

    private void removed(IndexedWorker of, KvEvent.Removed event) {
        if (!of.follows(event.group(), 0)) {
            passedOverBlocks += event.names().length;
            return;
        }
        BlockTable table = stored.in(event.medium());
        EngineNames names = of.names.in(event.medium());
        for (long name : event.names()) {
            long key = names.removed(name);
            if (key != 0) {
                table.remove(key, of.number);
                removedBlocks++;
            }
        }
    }

    private IndexedWorker worker(int number) {
        IndexedWorker worker = workers.get(number);
        if (worker == null) {
            throw new IllegalArgumentException("worker %d has left".formatted(number));
        }
        return worker;
    }
}
