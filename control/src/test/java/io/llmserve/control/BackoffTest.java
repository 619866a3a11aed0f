package io.llmserve.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BackoffTest {
    @Test
    void doublesUpToItsLimit() {
        Backoff steady = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(10), 0, Duration.ofMinutes(1));

        assertThat(IntStream.rangeClosed(1, 6)
                        .mapToObj(failures -> steady.pause(failures, new SplittableRandom(1)))
                        .map(Duration::toSeconds))
                .containsExactly(1L, 2L, 4L, 8L, 10L, 10L);
        assertThat(steady.pause(1_000_000, new SplittableRandom(1))).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void jitterShortensByItsPartAtMost() {
        SplittableRandom random = new SplittableRandom(7);
        List<Long> millis = IntStream.range(0, 1_000)
                .mapToObj(draw -> Backoff.STANDARD.pause(3, random).toMillis())
                .toList();

        assertThat(millis).allMatch(pause -> pause >= 2_000 && pause <= 4_000);
        assertThat(Set.copyOf(millis)).hasSizeGreaterThan(500);
    }

    @Test
    void refusesLimitsThatContradict() {
        assertThatThrownBy(() -> new Backoff(Duration.ofSeconds(2), Duration.ofSeconds(1), 0, Duration.ofSeconds(1)))
                .hasMessageContaining("shorter than the first");
    }
}
