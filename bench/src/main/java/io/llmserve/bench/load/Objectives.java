package io.llmserve.bench.load;

import java.time.Duration;
import java.util.Optional;

/// What a user calls fast enough. A request meets them when it came whole, its first text came within `firstToken`
/// of the moment it was due, and its tokens after the first took no longer than `perToken` each, on average.
public record Objectives(Optional<Duration> firstToken, Optional<Duration> perToken) {
    public static final Objectives NONE = new Objectives(Optional.empty(), Optional.empty());

    boolean metBy(Outcome outcome) {
        return outcome.complete()
                && firstToken
                        .map(limit -> Latencies.firstTokenNanos(outcome) <= limit.toNanos())
                        .orElse(true)
                && perToken.map(limit -> Latencies.perTokenNanos(outcome) <= limit.toNanos())
                        .orElse(true);
    }
}
