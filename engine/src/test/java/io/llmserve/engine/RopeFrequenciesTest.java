package io.llmserve.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.llmserve.models.ModelConfiguration.Llama3Scaling;
import io.llmserve.models.ModelConfiguration.Rope;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Against the formulas of transformers' `modeling_rope_utils.py`, in doubles.
class RopeFrequenciesTest {
    private static final int DIMENSION = 128;
    private static final float THETA = 500_000;
    private static final float[] NO_FACTORS = {};

    @Test
    void withoutScalingTheyAreThePowersOfTheta() {
        float[] frequencies = RopeFrequencies.inverse(rope(1, Optional.empty()), NO_FACTORS);
        assertThat(frequencies).hasSize(DIMENSION / 2);
        for (int i = 0; i < frequencies.length; i++) {
            assertClose(frequencies[i], plain(i));
        }
    }

    @Test
    void aLinearFactorStretchesAll() {
        float[] frequencies = RopeFrequencies.inverse(rope(4, Optional.empty()), NO_FACTORS);
        for (int i = 0; i < frequencies.length; i++) {
            assertClose(frequencies[i], plain(i) / 4);
        }
    }

    /// Llama 3.1's own numbers. Short waves are kept, long ones stretched by 8, and some lie between.
    @Test
    void llama3StretchesLongWavesAndBlendsThoseBetween() {
        Llama3Scaling scaling = new Llama3Scaling(8, 1, 4, 8192);
        float[] frequencies = RopeFrequencies.inverse(rope(1, Optional.of(scaling)), NO_FACTORS);
        int kept = 0;
        int stretched = 0;
        for (int i = 0; i < frequencies.length; i++) {
            double wavelength = 2 * Math.PI / plain(i);
            double expected;
            if (wavelength < 8192 / 4.0) {
                expected = plain(i);
                kept++;
            } else if (wavelength > 8192 / 1.0) {
                expected = plain(i) / 8;
                stretched++;
            } else {
                double smooth = (8192 / wavelength - 1) / (4 - 1);
                expected = (1 - smooth) * plain(i) / 8 + smooth * plain(i);
            }
            assertClose(frequencies[i], expected);
        }
        assertThat(kept).isPositive();
        assertThat(stretched).isPositive();
        assertThat(kept + stretched).as("some are blended").isLessThan(frequencies.length);
    }

    @Test
    void theFilesFactorsWinOverTheConfiguration() {
        float[] factors = new float[DIMENSION / 2];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = 1 + i;
        }
        Rope scaled = rope(1, Optional.of(new Llama3Scaling(8, 1, 4, 8192)));
        float[] frequencies = RopeFrequencies.inverse(scaled, factors);
        for (int i = 0; i < frequencies.length; i++) {
            assertClose(frequencies[i], plain(i) / factors[i]);
        }
    }

    private static Rope rope(float linearFactor, Optional<Llama3Scaling> llama3) {
        return new Rope(THETA, DIMENSION, false, llama3, linearFactor);
    }

    private static double plain(int pair) {
        return Math.pow(THETA, -2.0 * pair / DIMENSION);
    }

    private static void assertClose(float actual, double expected) {
        assertThat((double) actual).isCloseTo(expected, offset(expected * 1e-6));
    }
}
