package io.llmserve.admission.share;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

class OutputLengthsTest {
    private final OutputLengths lengths = new OutputLengths(256);

    @Test
    void aFirstGuessIsNeverMoreThanWhatIsAskedFor() {
        assertThat(lengths.expect(100, 4_096)).isEqualTo(256);
        assertThat(lengths.expect(100, 16)).isEqualTo(16);
    }

    @Test
    void answersToPromptsOfOneLengthAreLearnedApart() {
        for (int i = 0; i < 200; i++) {
            lengths.learn(50, 20);
            lengths.learn(3_000, 800);
        }
        assertThat(lengths.expect(60, 4_096)).isBetween(20L, 60L);
        assertThat(lengths.expect(2_500, 4_096)).isBetween(750L, 800L);
        assertThat(lengths.expect(500, 4_096)).as("unseen: the tenant's mean").isBetween(350L, 450L);
    }

    @Test
    void aTenantThatChangesIsFollowed() {
        for (int i = 0; i < 500; i++) {
            lengths.learn(50, 1_000);
        }
        for (int i = 0; i < 300; i++) {
            lengths.learn(50, 10);
        }
        assertThat(lengths.expect(50, 4_096)).isLessThan(100);
    }

    @ParameterizedTest
    @Seeds(100)
    void findsTheMeanUnderTheNoise(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int mean = 10 + random.nextInt(1_000);
        for (int i = 0; i < 1_000; i++) {
            lengths.learn(random.nextInt(100_000), (long) (mean * 2 * random.nextDouble()));
        }
        assertThat(lengths.expect(50_000, Long.MAX_VALUE)).isBetween((long) (mean * 0.6), (long) (mean * 1.4) + 30);
    }
}
