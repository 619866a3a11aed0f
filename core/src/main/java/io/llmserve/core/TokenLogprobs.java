package io.llmserve.core;

import static io.llmserve.core.Checks.check;

/// Log-probabilities (natural logarithm) at one position: of the token chosen, and of the best alternatives, most
/// likely first.
public record TokenLogprobs(float chosen, int[] topTokenIds, float[] topLogprobs) {
    public TokenLogprobs {
        check(
                topTokenIds.length == topLogprobs.length,
                "%d token ids but %d log-probabilities",
                topTokenIds.length,
                topLogprobs.length);
    }
}
