package io.llmserve.admission.budget;

import static io.llmserve.core.Checks.check;

/// What a request takes, besides being one.
///
/// @param tokens of prompt and answer
/// @param kvBytes pages that it may fill
/// @param kvBitsPerSecond while its pages are on their way
public record Amount(long tokens, long kvBytes, long kvBitsPerSecond) {
    public static final Amount NOTHING = new Amount(0, 0, 0);
    /// Sums of amounts can't overflow: a million requests of this size are less than a long.
    private static final long MOST = 1L << 42;

    public Amount {
        check(tokens >= 0 && tokens <= MOST, "%d tokens", tokens);
        check(kvBytes >= 0 && kvBytes <= MOST, "%d bytes", kvBytes);
        check(kvBitsPerSecond >= 0 && kvBitsPerSecond <= MOST, "%d bits/s", kvBitsPerSecond);
    }

    public static Amount ofTokens(long tokens) {
        return new Amount(tokens, 0, 0);
    }

    Amount plus(Amount more) {
        return new Amount(tokens + more.tokens, kvBytes + more.kvBytes, kvBitsPerSecond + more.kvBitsPerSecond);
    }

    Amount minus(Amount less) {
        return new Amount(tokens - less.tokens, kvBytes - less.kvBytes, kvBitsPerSecond - less.kvBitsPerSecond);
    }

    Amount atMost(Amount other) {
        return new Amount(
                Math.min(tokens, other.tokens),
                Math.min(kvBytes, other.kvBytes),
                Math.min(kvBitsPerSecond, other.kvBitsPerSecond));
    }

    /// How much of the resource this is, with so many requests.
    long of(Resource resource, int requests) {
        return switch (resource) {
            case CONCURRENCY, REQUESTS_PER_MINUTE, REQUESTS_PER_DAY -> requests;
            case TOKENS_IN_FLIGHT, TOKENS_PER_MINUTE, TOKENS_PER_DAY -> tokens;
            case KV_BYTES -> kvBytes;
            case KV_BITS_PER_SECOND -> kvBitsPerSecond;
        };
    }
}
