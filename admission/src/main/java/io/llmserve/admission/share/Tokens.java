package io.llmserve.admission.share;

import static io.llmserve.core.Checks.check;

/// Tokens of one request that are work: those of the prompt that no cache has, and those of the answer.
public record Tokens(long prompt, long generated) {
    public Tokens {
        check(prompt >= 0 && generated >= 0, "%d and %d are no counts of tokens", prompt, generated);
    }
}
