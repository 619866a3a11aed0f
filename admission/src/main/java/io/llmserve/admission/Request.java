package io.llmserve.admission;

import static io.llmserve.core.Checks.check;

import java.util.OptionalLong;

/// A request at the door.
///
/// @param priority within its tenant; 0 is usual, more is sooner
/// @param promptTokens all of them
/// @param cachedTokens of the prompt, by what is known: they cost nothing
/// @param askedTokens what the client allows the answer: taken whole when it is let in. Where it is left open, what the
///     tenant's answers are like is taken, and more on the way
/// @param mostTokens the answer can't be longer
/// @param kvBytesPerToken of pages; 0 where nobody counts them
/// @param kvBitsPerSecond while its pages are on their way; 0 where they stay
public record Request(
        String tenant,
        TenantTerms terms,
        int priority,
        long promptTokens,
        long cachedTokens,
        OptionalLong askedTokens,
        long mostTokens,
        long kvBytesPerToken,
        long kvBitsPerSecond) {
    public Request {
        check(
                cachedTokens >= 0 && cachedTokens <= promptTokens,
                "%d of %d tokens can't be cached",
                cachedTokens,
                promptTokens);
        check(
                askedTokens.orElse(0) >= 0 && askedTokens.orElse(0) <= mostTokens,
                "an answer of %s tokens can't be longer than %d",
                askedTokens,
                mostTokens);
        check(
                promptTokens <= Integer.MAX_VALUE && mostTokens <= Integer.MAX_VALUE,
                "%d tokens of prompt and %d of answer",
                promptTokens,
                mostTokens);
        check(kvBytesPerToken >= 0 && kvBitsPerSecond >= 0, "%d bytes, %d bits/s", kvBytesPerToken, kvBitsPerSecond);
    }
}
