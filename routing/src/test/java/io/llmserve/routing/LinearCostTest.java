package io.llmserve.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmserve.testkit.Seeds;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

class LinearCostTest {
    @ParameterizedTest
    @Seeds(100)
    void findsTheLineUnderTheNoise(long seed) {
        Random random = new Random(seed);
        double overhead = 0.001 + random.nextDouble() * 0.1;
        double perToken = 1e-5 + random.nextDouble() * 1e-2;
        LinearCost cost = new LinearCost(1, 1);
        for (int i = 0; i < 400; i++) {
            int tokens = 16 + random.nextInt(4_000);
            double noise = 0.98 + 0.04 * random.nextDouble();
            cost.measured(tokens, (overhead + perToken * tokens) * noise);
        }
        assertThat(cost.seconds(2_000))
                .isCloseTo(overhead + perToken * 2_000, within(0.05 * (overhead + perToken * 2_000)));
    }

    @Test
    void oneLengthAloneSaysNothingOfTheOverhead() {
        LinearCost cost = new LinearCost(0.01, 1e-3);
        for (int i = 0; i < 1_000; i++) {
            cost.measured(100, 0.2);
        }
        assertThat(cost.seconds(100)).isCloseTo(0.2, within(1e-3));
        assertThat(cost.perTokenSeconds()).isCloseTo(2e-3, within(1e-4));
    }

    @Test
    void isNeverNegative() {
        LinearCost cost = new LinearCost(0.01, 1e-3);
        for (int i = 0; i < 200; i++) {
            cost.measured(100, 2);
            cost.measured(10_000, 1);
        }
        assertThat(cost.perTokenSeconds()).isPositive();
        assertThat(cost.overheadSeconds()).isNotNegative();
    }
}
