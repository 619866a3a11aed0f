package io.llmserve.engine;

/// @param cachedTokens prompt tokens whose KV pages were found in the prefix cache
/// @param importedTokens prompt tokens whose KV pages came from another engine
/// @param preemptions how often its pages were taken and computed again
/// @param queuedNanos from submit to the first step that computed a token of it
public record GenerationUsage(
        int promptTokens,
        int cachedTokens,
        int importedTokens,
        int generatedTokens,
        int preemptions,
        long queuedNanos,
        long prefillNanos,
        long decodeNanos) {}
