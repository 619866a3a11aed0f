package io.llmserve.engine;

import static io.llmserve.core.Checks.check;

import java.util.ArrayList;
import java.util.List;
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
    record Slice(Sequence sequence, int from, int count) {
        static Slice next(Sequence sequence, int count) {
            return new Slice(sequence, sequence.computed(), count);
        }
    }

    private final EngineOptions.Batching limits;
    private final BlockPool pool;
    private final PrefixLookup prefixes;
    /// Sequences with pages, and those without, each in order.
    private final TreeSet<Sequence> running = new TreeSet<>(Sequence.ORDER);
    private final TreeSet<Sequence> waiting = new TreeSet<>(Sequence.ORDER);
    /// Sequences whose pages are being filled from elsewhere, and those whose pages have come.
    private final TreeSet<Sequence> importing = new TreeSet<>(Sequence.ORDER);
    private final TreeSet<Sequence> imported = new TreeSet<>(Sequence.ORDER);
    /// Those of `importing` of which nobody has been told yet.
    private List<Sequence> opened = new ArrayList<>();
    private long preemptions;
    private long promptStepTokens;
    private long promptStepRoom;

    Scheduler(EngineOptions.Batching limits, boolean prefixCaching, BlockPool pool) {
        this.limits = limits;
        this.pool = pool;
        this.prefixes = new PrefixLookup(prefixCaching, pool);
    }

    void add(Sequence sequence) {
        check(
                Sequence.pagesFor(sequence.length()) <= pool.pages(),
                "a sequence of %d tokens never fits %d pages",
                sequence.length(),
                pool.pages());
        waiting.add(sequence);
    }

    /// The slices of the next step; empty only where there is nothing to do before pages come from elsewhere or
    /// are given back by others.
    List<Slice> next() {
        List<Slice> slices = new ArrayList<>();
        while (!imported.isEmpty() && running.size() < limits.maxSequences()) {
            running.add(imported.removeFirst());
        }
        planDecodes(slices);
        planPrefills(slices);
        return slices;
    }

    /// Sequences that have got pages which are to be filled from elsewhere: blocks
    /// `[computed / 16, reusableBlocks)`. Each is named once; [#imported] must follow, unless it is removed.
    List<Sequence> takeOpened() {
        List<Sequence> taken = opened;
        opened = taken.isEmpty() ? taken : new ArrayList<>();
        return taken;
    }

    /// The pages of blocks `[computed / 16, filled)` have come; what is behind them is computed here.
    void imported(Sequence sequence, int filled) {
        if (importing.remove(sequence)) {
            sequence.countImported(filled * Sequence.PAGE_TOKENS - sequence.computed());
            advance(sequence, filled * Sequence.PAGE_TOKENS);
            imported.add(sequence);
        }
    }

    /// The slice went through the model: what it filled can be shared.
    void computed(Slice slice) {
        advance(slice.sequence(), slice.from() + slice.count());
    }

    private void advance(Sequence sequence, int position) {
        int from = sequence.computed() / Sequence.PAGE_TOKENS;
        sequence.advanceTo(position);
        prefixes.filled(sequence, from, position / Sequence.PAGE_TOKENS);
    }

    /// The sequence has ended, however it ended: its pages are free at once.
    void remove(Sequence sequence) {
        if (running.remove(sequence) || importing.remove(sequence) || imported.remove(sequence)) {
            opened.remove(sequence);
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

    boolean prefixCaching() {
        return prefixes.enabled();
    }

    int running() {
        return running.size();
    }

    /// Those that wait for pages to come from elsewhere are counted too.
    int waiting() {
        return waiting.size() + importing.size() + imported.size();
    }

    EngineStatistics.Fetching fetching() {
        int toStart =
                Math.toIntExact(waiting.stream().filter(Sequence::wantsPages).count());
        return new EngineStatistics.Fetching(toStart, importing.size(), imported.size());
    }

    /// Tokens of prompts in the steps that had any.
    long promptStepTokens() {
        return promptStepTokens;
    }

    /// How many they could have been.
    long promptStepRoom() {
        return promptStepRoom;
    }

    /// Prompt tokens that were looked up in the prefix cache, at the first admission of each sequence.
    long prefixQueries() {
        return prefixes.queries();
    }

    /// Those of [#prefixQueries()] that were found.
    long prefixHits() {
        return prefixes.hits();
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
        victim.countPreemption();
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
        int left = budget;
        for (Sequence sequence : prefills) {
            int count = chunk(sequence, left);
            if (count == 0) {
                break;
            }
            slices.add(Slice.next(sequence, count));
            left -= count;
        }
        if (left < budget) {
            promptStepTokens += budget - left;
            promptStepRoom += budget;
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

    /// Gives pages to waiting sequences, in order, and none to those behind one that finds too few. What is to
    /// be computed starts as far as it would get tokens in this step. Pages that come from elsewhere need no
    /// tokens: as many sequences may wait for theirs as may run.
    private void admit(NavigableSet<Sequence> prefills, int budget) {
        boolean full = false;
        for (Sequence sequence : List.copyOf(waiting)) {
            full = full || running.size() >= limits.maxSequences() || tokensAhead(prefills, sequence) >= budget;
            if (sequence.wantsPages() ? importing.size() >= limits.maxSequences() : full) {
                continue;
            }
            int matched = prefixes.matchedBlocks(sequence);
            if (prefixes.isUnderway(sequence, matched)) {
                continue;
            }
            if (!hasRoom(sequence, matched)) {
                return;
            }
            waiting.remove(sequence);
            start(sequence, matched);
            if (sequence.wantsPages()) {
                sequence.askedForPages();
                importing.add(sequence);
                opened.add(sequence);
            } else {
                running.add(sequence);
                prefills.add(sequence);
            }
        }
    }

    private static int tokensAhead(NavigableSet<Sequence> prefills, Sequence sequence) {
        return prefills.headSet(sequence).stream().mapToInt(Sequence::remaining).sum();
    }

    /// Room for all its tokens, and for a page more of each sequence that has pages, so that it is not preempted at
    /// once.
    private boolean hasRoom(Sequence sequence, int matched) {
        int needed = Sequence.pagesFor(sequence.length()) - matched + prefixes.matchedFree(sequence, matched);
        return pool.free() >= needed + running.size() + importing.size() + imported.size();
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
        prefixes.started(sequence, matched);
    }

    /// Deepest first, so that the beginning of a prefix stays cached longest.
    private void releasePages(Sequence sequence) {
        prefixes.stopped(sequence);
        while (sequence.pageCount() > 0) {
            pool.release(sequence.removeLastPage());
        }
    }
}
