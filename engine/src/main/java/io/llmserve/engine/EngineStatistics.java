package io.llmserve.engine;

/// Gauges (now) and counters (since start) of one engine.
public record EngineStatistics(Gauges now, Counters total, Handovers handovers, StepTokens steps) {
    /// @param pages size of the KV pool; `usedPages` are held by live sequences, `cachedPages` are free but hold a
    /// reusable prefix
    /// @param fetching those of `waiting` whose pages are to come from elsewhere
    /// @param prefixCaching whether pages of equal prefixes are shared and kept
    public record Gauges(
            int running,
            int waiting,
            Fetching fetching,
            int pages,
            int usedPages,
            int cachedPages,
            int pageTokens,
            boolean prefixCaching) {
        public double kvUsage() {
            return pages == 0 ? 0 : (double) usedPages / pages;
        }
    }

    /// Requests whose pages come from elsewhere: before it begins, meanwhile, and when they have come but the request
    /// does not run yet.
    public record Fetching(int toStart, int inProgress, int done) {
        public static final Fetching NONE = new Fetching(0, 0, 0);

        public int all() {
            return toStart + inProgress + done;
        }
    }

    /// @param promptTokens of requests that have started: `cachedTokens` of them were in the prefix cache,
    /// `importedTokens` came from other engines, the others were computed
    /// @param prefixQueries prompt tokens looked up in the prefix cache; `prefixHits` of them were found
    /// @param busyNanos time spent inside `step()`
    /// @param promptStepTokens of prompts, in the steps that had any; they had room for `promptStepRoom`
    public record Counters(
            long promptTokens,
            long cachedTokens,
            long importedTokens,
            long generatedTokens,
            long prefixQueries,
            long prefixHits,
            long preemptions,
            long steps,
            long busyNanos,
            long promptStepTokens,
            long promptStepRoom) {}

    /// Pages that move between engines. The first three are gauges, the rest counters.
    ///
    /// @param exports prompts whose pages are offered or held for another engine
    /// @param heldPages of those prompts; some are held by live sequences too
    /// @param imports prompts whose pages are being filled from elsewhere
    /// @param exportedPages that were offered
    /// @param wantedPages that were asked for elsewhere
    /// @param importedPages those of them that came
    /// @param expiredExports for which nobody came within the lease
    /// @param failedImports that brought fewer pages than were wanted
    public record Handovers(
            int exports,
            int heldPages,
            int imports,
            long exportedPages,
            long wantedPages,
            long importedPages,
            long expiredExports,
            long failedImports) {
        public static final Handovers NONE = new Handovers(0, 0, 0, 0, 0, 0, 0, 0);
    }

    /// How many tokens went through the model in a step, those of prompts and of answers together.
    ///
    /// @param steps `steps[i]` of them had at most `2^i` tokens, and more than half as many; no more than
    /// [#SIZES] sizes
    /// @param tokens of all steps
    public record StepTokens(long[] steps, long tokens) {
        public static final int SIZES = 32;
    }
}
