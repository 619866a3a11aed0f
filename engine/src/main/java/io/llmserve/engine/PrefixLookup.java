package io.llmserve.engine;

import io.llmserve.core.BlockHash;
import java.util.HashMap;
import java.util.Map;

/// Which blocks of a prompt need not be computed: those that the pool still holds, and those that a sequence is
/// about to compute or to receive. Owned by the step thread.
final class PrefixLookup {
    private final boolean enabled;
    private final BlockPool pool;
    /// Prompt blocks that a sequence is about to fill: others that need them wait for them.
    private final Map<BlockHash, Sequence> underway = new HashMap<>();
    private long queries;
    private long hits;

    PrefixLookup(boolean enabled, BlockPool pool) {
        this.enabled = enabled;
        this.pool = pool;
    }

    boolean enabled() {
        return enabled;
    }

    /// How many blocks the pool holds, from the first on.
    int matchedBlocks(Sequence sequence) {
        int block = 0;
        while (enabled && block < sequence.reusableBlocks() && pool.find(sequence.hash(block)) != BlockPool.NONE) {
            block++;
        }
        return block;
    }

    /// Whether it pays to wait for `block`.
    boolean isUnderway(Sequence sequence, int block) {
        return enabled && block < sequence.reusableBlocks() && underway.containsKey(sequence.hash(block));
    }

    /// How many of the first `matched` blocks lie in pages that nobody holds.
    int matchedFree(Sequence sequence, int matched) {
        int free = 0;
        for (int block = 0; block < matched; block++) {
            free += pool.holders(pool.find(sequence.hash(block))) == 0 ? 1 : 0;
        }
        return free;
    }

    /// The sequence has taken the first `matched` blocks and is about to fill the others.
    void started(Sequence sequence, int matched) {
        for (int block = matched; enabled && block < sequence.sharedBlocks(); block++) {
            underway.putIfAbsent(sequence.hash(block), sequence);
        }
        boolean first = sequence.firstAdmission(matched * Sequence.PAGE_TOKENS);
        // A prompt that is to be scored does not look, and as in vLLM is no query.
        if (enabled && first && !sequence.hasUnscoredPrompt()) {
            queries += sequence.promptLength();
            hits += sequence.cachedTokens();
        }
    }

    /// The sequence has filled the blocks `[from, to)`.
    void filled(Sequence sequence, int from, int to) {
        for (int block = from; enabled && block < to; block++) {
            BlockHash hash = sequence.hash(block);
            pool.publish(sequence.pages()[block], hash);
            underway.remove(hash, sequence);
        }
    }

    /// The sequence fills nothing any more.
    void stopped(Sequence sequence) {
        for (int block = 0; enabled && block < sequence.sharedBlocks(); block++) {
            underway.remove(sequence.hash(block), sequence);
        }
    }

    /// Prompt tokens that were looked up, at the first admission of each sequence.
    long queries() {
        return queries;
    }

    /// Those of [#queries()] that were found.
    long hits() {
        return hits;
    }
}
