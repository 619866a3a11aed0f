package io.llmserve.admission;

import static io.llmserve.core.Checks.check;

/// What a request has really used.
///
/// @param cachedTokens of the prompt
/// @param finished the answer ended by itself, or at the length that was asked for: something can be learned from it
public record Usage(long promptTokens, long cachedTokens, long generatedTokens, boolean finished) {
    /// The server's fault: the tenant pays for nothing.
    public static final Usage NOTHING = new Usage(0, 0, 0, false);

    public Usage {
        check(
                cachedTokens >= 0 && cachedTokens <= promptTokens && generatedTokens >= 0,
                "%d of %d prompt tokens cached, %d generated",
                cachedTokens,
                promptTokens,
                generatedTokens);
    }
}
