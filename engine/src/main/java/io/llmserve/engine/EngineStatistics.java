package io.llmserve.engine;

/// Gauges (now) and counters (since start) of one engine.
public record EngineStatistics(Gauges now, Counters total, Handovers handovers) {
    /// @param pages size of the KV pool; `usedPages` are held by live sequences, `cachedPages` are free but hold a
    /// reusable prefix
    public record Gauges(int running, int waiting, int pages, int usedPages, int cachedPages, int pageTokens) {
        public double kvUsage() {
            return pages == 0 ? 0 : (double) usedPages / pages;
        }
    }

    /// @param prefixQueries prompt tokens looked up in the prefix cache; `prefixHits` of them were found
    /// @param busyNanos time spent inside `step()`
    public record Counters(
            long promptTokens,
            long generatedTokens,
            long prefixQueries,
            long prefixHits,
            long preemptions,
            long steps,
            long busyNanos) {}

    /// Pages that move between engines. The first three are gauges, the rest counters.
    ///
    /// @param exports prompts whose pages are offered or held for another engine
    /// @param heldPages of those prompts; some are held by live sequences too
    /// @param imports prompts whose pages are being filled from elsewhere
    /// @param exportedPages that were offered
    /// @param importedPages that came from elsewhere
    /// @param expiredExports for which nobody came within the lease
    /// @param failedImports that brought fewer pages than were wanted
    public record Handovers(
            int exports,
            int heldPages,
            int imports,
            long exportedPages,
            long importedPages,
            long expiredExports,
            long failedImports) {
        public static final Handovers NONE = new Handovers(0, 0, 0, 0, 0, 0, 0);
    }
}
