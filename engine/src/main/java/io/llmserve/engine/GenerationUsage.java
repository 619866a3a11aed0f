package io.llmserve.engine;

/// @param cachedTokens prompt tokens whose KV pages were found in the prefix cache
/// @param queuedNanos from submit to the first step that computed a token of it
public record GenerationUsage(
        int promptTokens,
        int cachedTokens,
        int generatedTokens,
        long queuedNanos,
        long prefillNanos,
        long decodeNanos) {}
