package io.llmserve.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.llmserve.testkit.Seeds;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

class LogitsTest {
    private static final float NAN = Float.NaN;
    private static final float INFINITY = Float.POSITIVE_INFINITY;

    @Test
    void tiesGoToTheLowerIndexAndNaNIsLeast() {
        assertThat(Logits.argMax(new float[] {9, 1, 3, 3, 2}, 1, 4)).isEqualTo(1);
        assertThat(Logits.argMax(new float[] {NAN, -5, NAN, -5}, 0, 4)).isEqualTo(1);
        assertThat(Logits.argMax(new float[] {NAN, -INFINITY}, 0, 2)).isEqualTo(1);
        assertThat(Logits.argMax(new float[] {-0f, 0f}, 0, 2)).isZero();
        assertThat(Logits.top(new float[] {9, 1, 3, NAN, 3, 2}, 1, 5, 4)).containsExactly(1, 3, 4, 0);
        assertThat(Logits.top(new float[] {-0f, 0f, -1}, 0, 3, 3)).containsExactly(0, 1, 2);
    }

    @Test
    void theBestOfFewAreAllAndOfNoneNone() {
        assertThat(Logits.top(new float[] {1, 3, 2}, 0, 3, 20)).containsExactly(1, 2, 0);
        assertThat(Logits.top(new float[] {1, 3, 2}, 0, 3, 0)).isEmpty();
        assertThat(Logits.top(new float[] {INFINITY, -INFINITY}, 0, 2, 2)).containsExactly(0, 1);
    }

    @ParameterizedTest
    @Seeds(50)
    void theBestAreThoseOfASort(long seed) {
        Random random = new Random(seed);
        int at = random.nextInt(4);
        int count = 1 + random.nextInt(400);
        int k = random.nextInt(40);
        float[] logits = new float[at + count + 3];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = random.nextInt(60) - 30; // with many ties
        }
        int[] expected = IntStream.range(0, count)
                .boxed()
                .sorted(Comparator.<Integer>comparingDouble(i -> -logits[at + i])
                        .thenComparingInt(i -> i))
                .limit(k)
                .mapToInt(i -> i)
                .toArray();
        assertThat(Logits.top(logits, at, count, k)).containsExactly(expected);
        assertThat(Logits.argMax(logits, at, count)).isEqualTo(Logits.top(logits, at, count, 1)[0]);
    }

    @ParameterizedTest
    @Seeds(30)
    void probabilitiesAreThoseOfDoubles(long seed) {
        Random random = new Random(seed);
        int at = random.nextInt(4);
        int count = 1 + random.nextInt(3000);
        float[] logits = RandomTensors.floats(at + count, random);
        for (int i = 0; i < logits.length; i++) {
            logits[i] = logits[i] * 8 + 300; // exp(300) overflows f32
        }
        double sum = 0;
        double greatest = logits[at + Logits.argMax(logits, at, count)];
        for (int i = 0; i < count; i++) {
            sum += Math.exp(logits[at + i] - greatest);
        }
        assertThat((double) Logits.logSumExp(logits, at, count)).isCloseTo(greatest + Math.log(sum), offset(1e-4));

        float[] weights = new float[count];
        Logits.weights(logits, at, count, 0.5f, weights);
        for (int i = 0; i < count; i++) {
            double expected = Math.exp((logits[at + i] - greatest) * 0.5);
            assertThat((double) weights[i]).isCloseTo(expected, offset(1e-5 * expected + 1e-30));
        }
    }

    @Test
    void whatCannotBeDrawnWeighsNothing() {
        float[] weights = new float[3];
        Logits.weights(new float[] {2, -INFINITY, 2}, 0, 3, 1, weights);
        assertThat(weights).containsExactly(1, 0, 1);
        assertThat((double) Logits.logSumExp(new float[] {2, -INFINITY, 2}, 0, 3))
                .isCloseTo(2 + Math.log(2), offset(1e-6));
    }
}
