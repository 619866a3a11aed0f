package io.llmserve.control;

import static io.llmserve.core.Checks.check;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// How long to wait before a process is started again: twice as long after each failure that follows soon on
/// the one before, up to a limit.
///
/// @param first after a single failure
/// @param longest ever
/// @param jitter the part of each pause that is left to chance, so that workers that fell together rise apart
/// @param calm a process that ran this long fell for another reason than the one before
public record Backoff(Duration first, Duration longest, double jitter, Duration calm) {
    public static final Backoff STANDARD =
            new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(1), 0.5, Duration.ofMinutes(5));

    private static final int MOST_DOUBLINGS = 30;

    public Backoff {
        check(first.isPositive(), "the first pause must be positive, got %s", first);
        check(longest.compareTo(first) >= 0, "the longest pause %s is shorter than the first %s", longest, first);
        check(jitter >= 0 && jitter <= 1, "jitter is a part from 0 to 1, got %s", jitter);
        check(calm.isPositive(), "calm must be positive, got %s", calm);
    }

    /// @param failures in a row, this one included
    Duration pause(int failures, RandomGenerator random) {
        check(failures > 0, "a pause follows a failure, got %d", failures);
        long doubled = first.toNanos() * (1L << Math.min(failures - 1, MOST_DOUBLINGS));
        long whole = doubled < 0 ? longest.toNanos() : Math.min(doubled, longest.toNanos());
        return Duration.ofNanos(Math.round(whole * (1 - jitter * random.nextDouble())));
    }
}
