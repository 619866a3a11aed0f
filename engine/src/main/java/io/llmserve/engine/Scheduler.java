package io.llmserve.engine;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.BlockHash;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;

/// Decides what each step computes: continuous batching with chunked prefill over a pool of KV pages.
///
/// A step takes one token of every sequence that decodes, then chunks of prompts by priority and arrival,
/// within [EngineOptions.Batching]. A sequence is admitted once pages for all its tokens are free; decoding
/// takes more pages as it goes, and where none is left, the last in order is preempted: it gives its pages
/// back and is recomputed later. No threads and no clock: the same calls give the same steps. Owned by the
/// step thread.
final class Scheduler {
    /// Tokens `[from, from + count)` of a sequence, to be computed in this step.
    ///
    /// @param samples whether they are its last ones, so that the next token can be chosen
    record Slice(Sequence sequence, int from, int count, boolean samples) {
        static Slice next(Sequence sequence, int count) {
            return new Slice(sequence, sequence.computed(), count, count == sequence.remaining());
        }
    }

    private final EngineOptions.Batching limits;
    private final boolean prefixCaching;
    private final BlockPool pool;
    /// Sequences with pages, and those without, each in order.
    private final TreeSet<Sequence> running = new TreeSet<>(Sequence.ORDER);
    private final TreeSet<Sequence> waiting = new TreeSet<>(Sequence.ORDER);
    /// Prompt blocks that a running sequence is about to compute: others that need them wait for them.
    private final Map<BlockHash, Sequence> underway = new HashMap<>();
    private long prefixQueries;
    private long prefixHits;
    private long preemptions;

    Scheduler(EngineOptions.Batching limits, boolean prefixCaching, BlockPool pool) {
        this.limits = limits;
        this.prefixCaching = prefixCaching;
        this.pool = pool;
    }

    void add(Sequence sequence) {
        check(
                Sequence.pagesFor(sequence.length()) <= pool.pages(),
                "a sequence of %d tokens never fits %d pages",
                sequence.length(),
                pool.pages());
        waiting.add(sequence);
    }

    /// The slices of the next step; empty only where there is nothing to do.
    List<Slice> next() {
        List<Slice> slices = new ArrayList<>();
        planDecodes(slices);
        planPrefills(slices);
        return slices;
    }

    /// The slice went through the model: what it filled can be shared.
    void computed(Slice slice) {
        Sequence sequence = slice.sequence();
        int block = sequence.computed() / Sequence.PAGE_TOKENS;
        sequence.advanceTo(slice.from() + slice.count());
        for (; prefixCaching && (block + 1) * Sequence.PAGE_TOKENS <= sequence.computed(); block++) {
            BlockHash hash = sequence.hash(block);
            pool.publish(sequence.pages()[block], hash);
            underway.remove(hash, sequence);
        }
    }

    /// The sequence has ended, however it ended: its pages are free at once.
    void remove(Sequence sequence) {
        if (running.remove(sequence)) {
            releasePages(sequence);
        }
        waiting.remove(sequence);
    }

    /// As [#remove(Sequence)], and nothing that it has computed is ever found in the cache.
    void discard(Sequence sequence) {
        for (int i = 0; i < sequence.pageCount(); i++) {
            pool.withdraw(sequence.pages()[i]);
        }
        remove(sequence);
    }

    int running() {
        return running.size();
    }

    int waiting() {
        return waiting.size();
    }

    /// Prompt tokens that were looked up in the prefix cache, at the first admission of each sequence.
    long prefixQueries() {
        return prefixQueries;
    }

    /// Those of [#prefixQueries()] that were found.
    long prefixHits() {
        return prefixHits;
    }

    long preemptions() {
        return preemptions;
    }

    private void planDecodes(List<Slice> slices) {
        for (Sequence sequence : List.copyOf(running)) {
            if (sequence.remaining() == 1 && running.contains(sequence) && secureNextPage(sequence)) {
                slices.add(Slice.next(sequence, 1));
            }
        }
    }

    /// Gives the sequence the page of its next position; false where it had to be preempted itself.
    /// Sequences come here in order and the last in order is preempted, so no victim is in the step already.
    private boolean secureNextPage(Sequence sequence) {
        if (sequence.pageCount() * Sequence.PAGE_TOKENS > sequence.computed()) {
            return true;
        }
        while (pool.free() == 0) {
            Sequence victim = running.last();
            preempt(victim);
            if (victim == sequence) {
                return false;
            }
        }
        sequence.addPage(pool.take());
        return true;
    }

    private void preempt(Sequence victim) {
        running.remove(victim);
        releasePages(victim);
        waiting.add(victim);
        preemptions++;
    }

    private void planPrefills(List<Slice> slices) {
        int budget = prefillBudget(slices.size());
        NavigableSet<Sequence> prefills = new TreeSet<>(Sequence.ORDER);
        for (Sequence sequence : running) {
            if (sequence.remaining() > 1) {
                prefills.add(sequence);
            }
        }
        admit(prefills, budget);
        for (Sequence sequence : prefills) {
            int count = chunk(sequence, budget);
            if (count == 0) {
                return;
            }
            slices.add(Slice.next(sequence, count));
            budget -= count;
        }
    }

    /// Prompts get what decodes leave, and beside decodes no more than keeps the pause between two tokens short.
    /// Whole prompts have a budget of their own, or one as long as the limit would never find room beside decodes.
    private int prefillBudget(int decodes) {
        if (!limits.chunkedPrefill()) {
            return limits.maxBatchTokens();
        }
        int left = limits.maxBatchTokens() - decodes;
        return decodes == 0 ? left : Math.min(left, limits.prefillChunkTokens());
    }

    /// How many tokens of the sequence fit; chunks that do not end a prompt end with a page.
    private int chunk(Sequence sequence, int budget) {
        int remaining = sequence.remaining();
        if (remaining <= budget) {
            return remaining;
        }
        if (!limits.chunkedPrefill()) {
            return 0;
        }
        int pageEnd = (sequence.computed() + budget) / Sequence.PAGE_TOKENS * Sequence.PAGE_TOKENS;
        return pageEnd > sequence.computed() ? pageEnd - sequence.computed() : budget;
    }

    /// Moves waiting sequences into the running ones, in order, as far as they would get tokens in this step.
    private void admit(NavigableSet<Sequence> prefills, int budget) {
        Iterator<Sequence> queue = waiting.iterator();
        while (queue.hasNext() && running.size() < limits.maxSequences()) {
            Sequence sequence = queue.next();
            int ahead = prefills.headSet(sequence).stream()
                    .mapToInt(Sequence::remaining)
                    .sum();
            if (ahead >= budget) {
                return;
            }
            int matched = matchedBlocks(sequence);
            if (isUnderway(sequence, matched)) {
                continue;
            }
            if (!hasRoom(sequence, matched)) {
                return;
            }
            queue.remove();
            start(sequence, matched);
            prefills.add(sequence);
        }
    }

    /// Blocks that may come from the cache: at least the last token is computed, as its logits are needed.
    private static int reusableBlocks(Sequence sequence) {
        return (sequence.length() - 1) / Sequence.PAGE_TOKENS;
    }

    private int matchedBlocks(Sequence sequence) {
        int block = 0;
        while (prefixCaching && block < reusableBlocks(sequence) && pool.find(sequence.hash(block)) != BlockPool.NONE) {
            block++;
        }
        return block;
    }

    private boolean isUnderway(Sequence sequence, int block) {
        return prefixCaching && block < reusableBlocks(sequence) && underway.containsKey(sequence.hash(block));
    }

    /// Room for all its tokens, and for a page more of each running sequence, so that it is not preempted at once.
    private boolean hasRoom(Sequence sequence, int matched) {
        int needed = Sequence.pagesFor(sequence.length()) - matched;
        for (int block = 0; block < matched; block++) {
            needed += pool.holders(pool.find(sequence.hash(block))) == 0 ? 1 : 0;
        }
        return pool.free() >= needed + running.size();
    }

    private void start(Sequence sequence, int matched) {
        for (int block = 0; block < matched; block++) {
            int page = pool.find(sequence.hash(block));
            pool.share(page);
            sequence.addPage(page);
        }
        for (int block = matched; block < Sequence.pagesFor(sequence.length()); block++) {
            sequence.addPage(pool.take());
        }
        sequence.advanceTo(matched * Sequence.PAGE_TOKENS);
        for (int block = matched; prefixCaching && block < reusableBlocks(sequence); block++) {
            underway.putIfAbsent(sequence.hash(block), sequence);
        }
        running.add(sequence);
        countLookup(sequence, matched);
    }

    private void countLookup(Sequence sequence, int matched) {
        if (prefixCaching && sequence.firstAdmission(matched * Sequence.PAGE_TOKENS)) {
            prefixQueries += sequence.promptLength();
            prefixHits += sequence.cachedTokens();
        }
    }

    /// Deepest first, so that the beginning of a prefix stays cached longest.
    private void releasePages(Sequence sequence) {
        for (int block = 0; prefixCaching && block < reusableBlocks(sequence); block++) {
            underway.remove(sequence.hash(block), sequence);
        }
        while (sequence.pageCount() > 0) {
            pool.release(sequence.removeLastPage());
        }
    }
}
