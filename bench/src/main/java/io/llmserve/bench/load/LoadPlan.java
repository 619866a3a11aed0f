package io.llmserve.bench.load;

import static io.llmserve.core.Checks.check;

import java.time.Duration;

/// What will be sent, decided before the first byte.
///
/// @param seed same plan and seed: the same requests of the same shapes at the same offsets
public record LoadPlan(Mix mix, Pace pace, Extent extent, long seed) {

    /// What decides the moment of the next request.
    public sealed interface Pace {
        /// The arrivals alone; answers that are late do not hold back what follows.
        record OpenLoop(Arrivals arrivals) implements Pace {}

        /// So many users, each sends when the last answer has ended.
        record ClosedLoop(int users) implements Pace {
            public ClosedLoop {
                check(
                        users >= 1 && users <= LoadGenerator.MAX_IN_FLIGHT,
                        "concurrency must be in [1, %d], got %d",
                        LoadGenerator.MAX_IN_FLIGHT,
                        users);
            }
        }
    }

    /// Where it ends: no request starts after `duration`, and there are at most `requests`.
    public record Extent(Duration duration, int requests) {
        public Extent {
            check(duration.isPositive(), "duration must be positive, got %s", duration);
            check(requests >= 1, "requests must be at least 1, got %d", requests);
        }
    }
}
