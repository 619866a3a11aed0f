package io.llmserve.engine;

/// Gauges (now) and counters (since start) of one engine.
public record EngineStatistics(Gauges now, Counters total) {
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
}
