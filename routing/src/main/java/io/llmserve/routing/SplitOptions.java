package io.llmserve.routing;

import static io.llmserve.core.Checks.check;

/// When prompts leave the decode worker, in tokens that are left to compute.
///
/// @param shortTokens fewer than this stay, as a hop costs more than they do
/// @param longTokens this many and more always leave; between the two the measured costs decide
public record SplitOptions(int shortTokens, int longTokens) {
    /// Costs decide about everything but the very short.
    public static final SplitOptions LEARNED = new SplitOptions(64, Integer.MAX_VALUE);

    /// Whatever can be split is.
    public static final SplitOptions ALWAYS = new SplitOptions(0, 0);

    public SplitOptions {
        check(shortTokens >= 0, "shortTokens must not be negative, got %d", shortTokens);
        check(longTokens >= shortTokens, "longTokens must be at least shortTokens %d, got %d", shortTokens, longTokens);
    }
}
