package io.llmserve.routing.kv;

import static io.llmserve.core.Checks.check;

/// How the blocks of one worker become known.
///
/// @param model the name under which it is asked; part of each key
/// @param blockTokens of its cache; 0 where its first event tells
/// @param guessedBlocks how many may be assumed from what was routed to it
/// @param guessMillis for how long
public record KvWorkerOptions(String model, int blockTokens, int guessedBlocks, long guessMillis) {
    /// Prompts of some thousand requests in flight.
    private static final int BLOCKS_IN_FLIGHT = 1 << 16;
    /// Longer than a prompt waits and is computed on a worker that is not overloaded.
    private static final long IN_FLIGHT_MILLIS = 10_000;

    public KvWorkerOptions {
        check(blockTokens >= 0, "blockTokens must not be negative, got %d", blockTokens);
        check(guessedBlocks >= 0, "guessedBlocks must not be negative, got %d", guessedBlocks);
        check(guessMillis > 0, "guessMillis must be positive, got %d", guessMillis);
    }

    /// It publishes events; a guess bridges the time until they come.
    public static KvWorkerOptions events(String model) {
        return new KvWorkerOptions(model, 0, BLOCKS_IN_FLIGHT, IN_FLIGHT_MILLIS);
    }

    /// It publishes none: what was routed there is all that is known.
    ///
    /// @param cacheBlocks how many blocks its cache has, or a guess
    /// @param keptMillis for how long a block is believed to be kept
    public static KvWorkerOptions history(String model, int blockTokens, int cacheBlocks, long keptMillis) {
        check(blockTokens > 0, "a worker without events needs a block size, got %d", blockTokens);
        return new KvWorkerOptions(model, blockTokens, cacheBlocks, keptMillis);
    }
}
