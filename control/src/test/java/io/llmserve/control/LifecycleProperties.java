package io.llmserve.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.control.Lifecycle.Order;
import io.llmserve.control.Lifecycle.Sight;
import io.llmserve.testkit.Seeds;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;

/// Days of a worker that falls and hangs at random, in virtual time.
class LifecycleProperties {
    private static final Backoff BACKOFF =
            new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(40), 0.5, Duration.ofMinutes(10));
    private static final Lifecycle.Limits LIMITS =
            new Lifecycle.Limits(Duration.ofMinutes(2), Duration.ofSeconds(20), BACKOFF);
    private static final long STEP_NANOS = 500_000_000;

    @ParameterizedTest
    @Seeds(200)
    void neverRunsTwoAndAlwaysComesBack(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Lifecycle lifecycle = new Lifecycle(LIMITS, random, 0);
        boolean runs = false;
        boolean wasReady = false;
        long absentNanos = 0;
        for (long now = 0; now < 20_000 * STEP_NANOS; now += STEP_NANOS) {
            Sight sight = runs ? sight(random, wasReady) : new Sight.Absent();
            switch (lifecycle.next(sight, now)) {
                case Order.Start() -> {
                    assertThat(runs).isFalse();
                    runs = true;
                    absentNanos = 0;
                }
                case Order.TellReady() -> {
                    assertThat(sight).isEqualTo(new Sight.Healthy());
                    wasReady = true;
                }
                case Order.Replace(String reason, Duration pause) -> {
                    assertThat(reason).isNotEmpty();
                    assertThat(pause).isBetween(BACKOFF.first().dividedBy(2), BACKOFF.longest());
                    assertThat(wasReady).isTrue();
                    runs = false;
                }
                case Order.GiveUp ignored -> {
                    assertThat(wasReady)
                            .as("a worker that was ready is never given up")
                            .isFalse();
                    return;
                }
                case Order.Wait() -> {
                    assertThat(sight).isNotInstanceOf(Sight.Ended.class);
                    absentNanos += runs ? 0 : STEP_NANOS;
                    assertThat(absentNanos)
                            .isLessThanOrEqualTo(BACKOFF.longest().toNanos());
                }
            }
        }
        assertThat(wasReady).isTrue();
    }

    private static Sight sight(SplittableRandom random, boolean wasReady) {
        double draw = random.nextDouble();
        if (draw < (wasReady ? 0.01 : 0.002)) {
            return new Sight.Ended(random.nextInt(256));
        }
        return draw < 0.6 ? new Sight.Unhealthy("silent") : new Sight.Healthy();
    }
}
