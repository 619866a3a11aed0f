package io.llmserve.admission.budget;

import java.time.Duration;
import java.util.Optional;

/// What OpenAI's `x-ratelimit-*` headers tell a tenant; nothing where it has no such limit.
public record RateLimits(Optional<Rate> requests, Optional<Rate> tokens) {
    public static final RateLimits NONE = new RateLimits(Optional.empty(), Optional.empty());

    /// @param reset until the whole limit is there again, if nothing more is taken
    public record Rate(long limit, long remaining, Duration reset) {}
}
