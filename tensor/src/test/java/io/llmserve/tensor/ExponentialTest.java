package io.llmserve.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExponentialTest {
    @Test
    void isWithinThreeUnitsInTheLastPlace() {
        for (float x = Exponential.LOWEST; x <= Exponential.HIGHEST; x += 0.00137f) {
            double exact = Math.exp(x);
            double error = Math.abs(Exponential.of(x) - exact) / Math.ulp((float) exact);
            assertThat(error).as("e^%s", x).isLessThan(3);
        }
    }

    @Test
    void isExactAtZeroAndVanishesAtTheEnd() {
        assertThat(Exponential.of(0)).isEqualTo(1);
        assertThat(Exponential.of(-0f)).isEqualTo(1);
        assertThat(Exponential.of(Float.NEGATIVE_INFINITY)).isZero();
        assertThat(Exponential.of(-88)).isZero();
        assertThat(Exponential.of(Float.POSITIVE_INFINITY)).isEqualTo(Exponential.of(Exponential.HIGHEST));
    }
}
