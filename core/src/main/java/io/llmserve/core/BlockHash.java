package io.llmserve.core;

/// Names the content of one block of tokens and of all tokens before it: equal hashes mean equal prefixes,
/// for any engine. 128 bits, so that a collision is not to be expected among all blocks ever stored.
public record BlockHash(long high, long low) {
    @Override
    public int hashCode() {
        return (int) low;
    }

    @Override
    public String toString() {
        return "%016x%016x".formatted(high, low);
    }
}
