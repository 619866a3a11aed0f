package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.gateway.GatewayOptions.Health;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// In virtual time, in milliseconds.
final class WorkerHealthTest {
    private static final Health OPTIONS =
            new Health(Duration.ofSeconds(1), Duration.ofSeconds(1), 3, Duration.ofSeconds(1), Duration.ofSeconds(3));

    private final WorkerHealth health = new WorkerHealth(OPTIONS);

    @Test
    void isOutUntilItsFirstGoodProbe() {
        assertThat(health.up()).isFalse();
        assertThat(health.reason()).isEqualTo("no probe has succeeded yet");
        health.probeFailed("refused");
        assertThat(health.reason()).isEqualTo("refused");
        probe(0);
        assertThat(health.up()).isTrue();
    }

    @Test
    void goesOutAfterSeveralFailedProbesInARow() {
        probe(0);
        health.probeFailed("a");
        health.probeFailed("b");
        probe(1);
        health.probeFailed("c");
        health.probeFailed("d");
        assertThat(health.up()).isTrue();
        health.probeFailed("e");
        assertThat(health.up()).isFalse();
        assertThat(health.reason()).isEqualTo("e");
        probe(2);
        assertThat(health.up()).isTrue();
    }

    @Test
    void goesOutAfterSeveralFailedRequestsInARow() {
        probe(0);
        fail(1);
        fail(2);
        health.requestSucceeded();
        fail(3);
        fail(4);
        assertThat(health.up()).isTrue();
        fail(5);
        assertThat(health.up()).isFalse();
    }

    @Test
    void goesOutAtOnceWhenNothingListens() {
        probe(0);
        health.requestFailed("refused", true, millis(1));
        assertThat(health.up()).isFalse();
    }

    @Test
    void comesBackAfterItsEjectionWhichDoublesUpToALimit() {
        probe(0);
        int now = 0;
        for (int ejection : new int[] {1000, 2000, 3000, 3000}) {
            health.requestFailed("refused", true, millis(now));
            probe(now + ejection - 1);
            assertThat(health.up()).as("before %d ms", ejection).isFalse();
            now += ejection;
            probe(now);
            assertThat(health.up()).as("after %d ms", ejection).isTrue();
        }
        health.requestSucceeded();
        health.requestFailed("refused", true, millis(now));
        probe(now + 1000);
        assertThat(health.up()).as("a success forgives").isTrue();
    }

    private void probe(int nowMillis) {
        health.probeSucceeded(millis(nowMillis));
    }

    private void fail(int nowMillis) {
        health.requestFailed("closed", false, millis(nowMillis));
    }

    private static long millis(int millis) {
        return Duration.ofMillis(millis).toNanos();
    }
}
