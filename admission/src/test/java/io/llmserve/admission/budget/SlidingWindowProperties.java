package io.llmserve.admission.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;

class SlidingWindowProperties {
    private static final long WINDOW = 60_000;

    private record Taken(long time, long amount, long slot) {}

    @ParameterizedTest
    @Seeds(200)
    void inNoSpanOfItsLengthIsMoreTakenThanTheLimit(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long limit = 1L + random.nextInt(1_000);
        SlidingWindow window = new SlidingWindow(limit, WINDOW, 60);
        List<Taken> log = new ArrayList<>();
        long now = random.nextInt(1_000_000);
        for (int i = 0; i < 400; i++) {
            now += random.nextInt(10) == 0 ? random.nextLong(2 * WINDOW) : random.nextLong(3_000);
            long left = window.left(now);
            if (random.nextInt(5) == 0 && !log.isEmpty()) {
                Taken one = log.remove(random.nextInt(log.size()));
                window.giveBack(one.amount, one.slot, now);
            } else if (left > 0) {
                long amount = random.nextBoolean() ? left : 1 + random.nextLong(left);
                log.add(new Taken(now, amount, window.take(amount, now)));
            }
            assertThat(sumSince(log, now - WINDOW)).isLessThanOrEqualTo(limit);
            assertThat(window.taken(now))
                    .as("remembered a slot too long at most")
                    .isBetween(sumSince(log, now - WINDOW), sumSince(log, now - WINDOW - 1_000));
        }
    }

    @ParameterizedTest
    @Seeds(200)
    void saysToTheNanosecondWhenThereIsEnough(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long limit = 10L + random.nextInt(100);
        SlidingWindow window = new SlidingWindow(limit, WINDOW, 60);
        long now = 0;
        for (int i = 0; i < 50; i++) {
            now += random.nextLong(5_000);
            long left = window.left(now);
            if (left > 0) {
                window.take(1 + random.nextLong(left), now);
            }
            long wanted = 1 + random.nextLong(limit);
            long wait = window.nanosUntil(wanted, now);
            long untilEmpty = window.nanosUntilEmpty(now);
            now += wait;
            if (wait > 0) {
                assertThat(window.left(now - 1)).isLessThan(wanted);
            }
            assertThat(window.left(now)).isGreaterThanOrEqualTo(wanted);
            assertThat(wait).isLessThanOrEqualTo(untilEmpty);
        }
        assertThat(window.left(now + window.nanosUntilEmpty(now))).isEqualTo(limit);
    }

    private static long sumSince(List<Taken> log, long time) {
        return log.stream()
                .filter(each -> each.time > time)
                .mapToLong(Taken::amount)
                .sum();
    }
}
