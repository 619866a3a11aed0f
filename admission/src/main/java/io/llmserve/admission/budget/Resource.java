package io.llmserve.admission.budget;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

/// What is limited.
public enum Resource {
    /// Requests in the house, those that wait for their turn included.
    CONCURRENCY(Duration.ZERO, 0, "concurrent requests"),
    /// Tokens of prompts and answers of requests in the house.
    TOKENS_IN_FLIGHT(Duration.ZERO, 0, "tokens in flight"),
    KV_BYTES(Duration.ZERO, 0, "bytes of KV memory"),
    /// Of pages on their way between workers or tiers.
    KV_BITS_PER_SECOND(Duration.ZERO, 0, "bits/s of KV transfer"),
    REQUESTS_PER_MINUTE(Duration.ofMinutes(1), 60, "requests per minute"),
    TOKENS_PER_MINUTE(Duration.ofMinutes(1), 60, "tokens per minute"),
    REQUESTS_PER_DAY(Duration.ofDays(1), 144, "requests per day"),
    TOKENS_PER_DAY(Duration.ofDays(1), 144, "tokens per day");

    static final List<Resource> LEVELS = List.of(CONCURRENCY, TOKENS_IN_FLIGHT, KV_BYTES, KV_BITS_PER_SECOND);
    static final List<Resource> RATES =
            List.of(REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE, REQUESTS_PER_DAY, TOKENS_PER_DAY);

    private final Duration window;
    private final int slots;
    private final String words;

    Resource(Duration window, int slots, String words) {
        this.window = window;
        this.slots = slots;
        this.words = words;
    }

    /// Zero where it is a level.
    Duration window() {
        return window;
    }

    int slots() {
        return slots;
    }

    String words() {
        return words;
    }

    /// The value of a metric's label.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
