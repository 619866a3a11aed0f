package io.llmserve.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.control.Lifecycle.Order;
import io.llmserve.control.Lifecycle.Sight;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// In virtual time: seconds are arguments.
class LifecycleTest {
    private static final Sight ABSENT = new Sight.Absent();
    private static final Sight HEALTHY = new Sight.Healthy();
    private static final Sight SILENT = new Sight.Unhealthy("nothing listens");
    private static final Backoff STEADY =
            new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(60), 0, Duration.ofMinutes(5));

    private final Lifecycle lifecycle = new Lifecycle(
            new Lifecycle.Limits(Duration.ofSeconds(100), Duration.ofSeconds(30), STEADY), new SplittableRandom(1), 0);

    private Order at(double seconds, Sight sight) {
        return lifecycle.next(sight, Math.round(seconds * 1e9));
    }

    private void makeReady() {
        assertThat(at(0, ABSENT)).isEqualTo(new Order.Start());
        assertThat(at(10, SILENT)).isEqualTo(new Order.Wait());
        assertThat(at(11, HEALTHY)).isEqualTo(new Order.TellReady());
    }

    @Test
    void startsAndTellsOnceThatItIsReady() {
        makeReady();
        assertThat(at(12, HEALTHY)).isEqualTo(new Order.Wait());
    }

    @Test
    void givesUpAWorkerThatEndsBeforeItWasReady() {
        assertThat(at(0, ABSENT)).isEqualTo(new Order.Start());
        assertThat(at(3, new Sight.Ended(2)))
                .isEqualTo(new Order.GiveUp("ended with exit code 2, 3 s after its start"));
        assertThat(at(1000, ABSENT)).isEqualTo(new Order.Wait());
    }

    @Test
    void namesWhatIsMissingWhenAStartTakesTooLong() {
        assertThat(at(0, ABSENT)).isEqualTo(new Order.Start());
        assertThat(at(99.9, SILENT)).isEqualTo(new Order.Wait());
        assertThat(at(100, SILENT)).isEqualTo(new Order.GiveUp("was not ready 100 s after its start: nothing listens"));
    }

    @Test
    void startsAFallenWorkerAgainEachTimeLater() {
        makeReady();
        assertThat(at(20, new Sight.Ended(137))).isEqualTo(new Order.Replace("was ended by signal 9", seconds(1)));
        assertThat(at(20.9, ABSENT)).isEqualTo(new Order.Wait());
        assertThat(at(21, ABSENT)).isEqualTo(new Order.Start());
        assertThat(at(22, new Sight.Ended(1)))
                .isEqualTo(new Order.Replace("ended with exit code 1, 1 s after its start", seconds(2)));
        assertThat(at(24, ABSENT)).isEqualTo(new Order.Start());
        assertThat(at(34, HEALTHY)).isEqualTo(new Order.TellReady());
        assertThat(at(40, new Sight.Ended(1))).isEqualTo(new Order.Replace("ended with exit code 1", seconds(4)));
    }

    @Test
    void forgetsFailuresAfterACalmTime() {
        makeReady();
        assertThat(at(20, new Sight.Ended(1))).isEqualTo(new Order.Replace("ended with exit code 1", seconds(1)));
        assertThat(at(21, ABSENT)).isEqualTo(new Order.Start());
        assertThat(at(22, HEALTHY)).isEqualTo(new Order.TellReady());
        assertThat(at(321, new Sight.Ended(1))).isEqualTo(new Order.Replace("ended with exit code 1", seconds(1)));
    }

    @Test
    void replacesAWorkerThatHangs() {
        makeReady();
        assertThat(at(20, SILENT)).isEqualTo(new Order.Wait());
        assertThat(at(30, HEALTHY)).isEqualTo(new Order.Wait());
        assertThat(at(59, SILENT)).isEqualTo(new Order.Wait());
        assertThat(at(60, SILENT)).isEqualTo(new Order.Replace("hangs: for 30 s nothing listens", seconds(1)));
    }

    private static Duration seconds(long seconds) {
        return Duration.ofSeconds(seconds);
    }
}
