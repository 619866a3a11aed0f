package io.llmserve.engine;

import io.llmserve.core.BlockHash;
import io.llmserve.core.BlockHasher;
import io.llmserve.tensor.KvLayout;
import java.util.Arrays;
import java.util.Comparator;

/// The tokens of one generation and the pages that hold their keys and values. Tokens `[0, computed)` are in
/// the pages; the rest has yet to go through the model: one token when decoding, more when prefilling. Owned
/// by the step thread.
final class Sequence {
    /// Who comes first, and in reverse, who is preempted first.
    static final Comparator<Sequence> ORDER =
            Comparator.<Sequence>comparingInt(sequence -> sequence.priority).thenComparingLong(s -> s.arrival);

    static final int PAGE_TOKENS = KvLayout.PAGE_POSITIONS;
    private static final BlockHasher HASHER = new BlockHasher(PAGE_TOKENS);

    private final int priority;
    private final long arrival;
    private final int promptLength;
    private final BlockHash root;
    private int[] tokens;
    private int length;
    private int computed;
    private int[] pages = {};
    private int pageCount;
    private BlockHash[] hashes = {};
    private int hashCount;
    private int cachedTokens = -1;
    private int importedTokens;
    /// Whether pages are to be asked for elsewhere before anything is computed.
    private boolean wantsPages;
    private int preemptions;
    /// Positions of the prompt, from 0, whose logits have been seen or are not asked for.
    private int scored;

    /// A sequence of which only what follows its prompt is asked for.
    ///
    /// @param arrival unique; earlier ones come first within a priority
    Sequence(int[] prompt, String cacheSalt, int priority, long arrival) {
        this(prompt, new int[0], cacheSalt, priority, arrival, false);
    }

    /// @param resumed tokens of the answer that are known from the start
    /// @param scoresPrompt whether the logits of the prompt's own positions are asked for too
    Sequence(int[] prompt, int[] resumed, String cacheSalt, int priority, long arrival, boolean scoresPrompt) {
        this.priority = priority;
        this.arrival = arrival;
        this.promptLength = prompt.length;
        this.root = BlockHasher.root(cacheSalt);
        this.length = prompt.length + resumed.length;
        this.tokens = Arrays.copyOf(prompt, length + PAGE_TOKENS);
        System.arraycopy(resumed, 0, tokens, prompt.length, resumed.length);
        this.scored = scoresPrompt ? 0 : prompt.length - 1;
    }

    void wantPages() {
        wantsPages = true;
    }

    boolean wantsPages() {
        return wantsPages;
    }

    /// Pages have been asked for: never again, or a preempted sequence would ask in vain.
    void askedForPages() {
        wantsPages = false;
    }

    /// Blocks that need not be computed here: where logits are needed, the model has to compute.
    int reusableBlocks() {
        return firstLogits() / PAGE_TOKENS;
    }

    /// Blocks that others, whose tokens go on after them, may want of this sequence.
    int sharedBlocks() {
        return (length - 1) / PAGE_TOKENS;
    }

    int length() {
        return length;
    }

    int promptLength() {
        return promptLength;
    }

    int generated() {
        return length - promptLength;
    }

    int token(int position) {
        return tokens[position];
    }

    int lastToken() {
        return tokens[length - 1];
    }

    void append(int token) {
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * length);
        }
        tokens[length++] = token;
    }

    int computed() {
        return computed;
    }

    /// Notes how many tokens the first admission found in the cache; false at later ones.
    boolean firstAdmission(int found) {
        boolean first = cachedTokens < 0;
        cachedTokens = first ? found : cachedTokens;
        return first;
    }

    /// Prompt tokens whose pages were found in the prefix cache.
    int cachedTokens() {
        return Math.max(0, cachedTokens);
    }

    /// Prompt tokens whose pages came from another engine.
    int importedTokens() {
        return importedTokens;
    }

    void countImported(int tokens) {
        importedTokens = tokens;
    }

    void countPreemption() {
        preemptions++;
    }

    int preemptions() {
        return preemptions;
    }

    void advanceTo(int position) {
        computed = position;
    }

    /// Whether logits of the prompt's own positions are still to be seen.
    boolean hasUnscoredPrompt() {
        return scored < promptLength - 1;
    }

    /// The first position whose logits are needed: from there on all go through the model, be they cached or not.
    int firstLogits() {
        return hasUnscoredPrompt() ? scored : length - 1;
    }

    boolean needsLogits(int position) {
        return position == length - 1 || (position >= scored && position < promptLength - 1);
    }

    /// The logits of the first unscored position have been seen.
    void score() {
        scored++;
    }

    /// Tokens that have yet to go through the model.
    int remaining() {
        return length - computed;
    }

    /// Page numbers in order of position; entries from [#pageCount()] on mean nothing.
    int[] pages() {
        return pages;
    }

    int pageCount() {
        return pageCount;
    }

    void addPage(int page) {
        if (pageCount == pages.length) {
            pages = Arrays.copyOf(pages, Math.max(8, 2 * pageCount));
        }
        pages[pageCount++] = page;
    }

    /// Gives up the last page; nothing is computed once all are gone.
    int removeLastPage() {
        pageCount--;
        computed = Math.min(computed, pageCount * PAGE_TOKENS);
        return pages[pageCount];
    }

    /// The hash of a block whose tokens are all known.
    BlockHash hash(int block) {
        for (; hashCount <= block; hashCount++) {
            if (hashCount == hashes.length) {
                hashes = Arrays.copyOf(hashes, Math.max(length / PAGE_TOKENS, hashCount + 1));
            }
            BlockHash parent = hashCount == 0 ? root : hashes[hashCount - 1];
            hashes[hashCount] = HASHER.next(parent, tokens, hashCount * PAGE_TOKENS);
        }
        return hashes[block];
    }

    static int pagesFor(int tokens) {
        return (tokens + PAGE_TOKENS - 1) / PAGE_TOKENS;
    }
}
