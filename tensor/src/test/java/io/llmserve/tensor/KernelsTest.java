package io.llmserve.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The small operations beside matmul and attention, against doubles. Large row counts take the way of many threads.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KernelsTest {
    private static final float EPSILON = 1e-5f;

    private final ComputePool pool = new ComputePool(3);
    private final Kernels kernels = new Kernels(pool);

    @AfterAll
    void close() {
        pool.close();
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 17", "3, 16", "7, 960", "130, 513"})
    void addsTheBiasToEveryRow(int rows, int width) {
        Random random = new Random(width);
        float[] x = RandomTensors.floats(rows * width + 2, random);
        float[] bias = RandomTensors.floats(width, random);
        float[] sums = x.clone();
        kernels.addBias(sums, bias, rows);
        for (int i = 0; i < x.length; i++) {
            assertThat(sums[i]).isEqualTo(i < rows * width ? x[i] + bias[i % width] : x[i]);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "5, 33", "130, 513"})
    void addsRowToRow(int rows, int width) {
        Random random = new Random(width);
        float[] x = RandomTensors.floats(rows * width, random);
        float[] y = RandomTensors.floats(rows * width, random);
        float[] sums = x.clone();
        kernels.add(sums, y, rows, width);
        for (int i = 0; i < x.length; i++) {
            assertThat(sums[i]).isEqualTo(x[i] + y[i]);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 16", "2, 3, 64", "5, 2, 128", "70, 8, 64"})
    void normalisesEachHeadByItselfAndLeavesTheOthers(int rows, int heads, int dimension) {
        Random random = new Random(dimension);
        int stride = 7 + heads * dimension + 5;
        float[] values = RandomTensors.floats(rows * stride, random);
        float[] weight = RandomTensors.floats(dimension, random);
        float[] normed = values.clone();
        kernels.rmsNormHeads(new Heads(normed, stride, 7, heads, dimension), rows, weight, EPSILON);
        for (int i = 0; i < values.length; i++) {
            int inRow = i % stride - 7;
            if (inRow < 0 || inRow >= heads * dimension) {
                assertThat(normed[i]).as("outside the heads, at %d", i).isEqualTo(values[i]);
            } else {
                int head = i - inRow % dimension;
                assertNormed(normed[i], values, head, dimension, i, weight[inRow % dimension]);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 16", "3, 576", "64, 640"})
    void normalisesRowsInPlaceToo(int rows, int width) {
        Random random = new Random(width);
        float[] x = RandomTensors.floats(rows * width, random);
        float[] weight = RandomTensors.floats(width, random);
        float[] y = new float[x.length];
        kernels.rmsNorm(x, rows, weight, EPSILON, y);
        for (int i = 0; i < x.length; i++) {
            assertNormed(y[i], x, i - i % width, width, i, weight[i % width]);
        }
        kernels.rmsNorm(x, rows, weight, EPSILON, x);
        assertThat(x).isEqualTo(y);
    }

    @Test
    void refusesShapesThatDoNotFit() {
        Heads heads = new Heads(new float[64], 32, 0, 1, 32);
        assertThatThrownBy(() -> kernels.rmsNormHeads(heads, 2, new float[16], EPSILON))
                .hasMessage("16 weights for heads of 32");
        assertThatThrownBy(() -> kernels.rmsNormHeads(heads, 3, new float[32], EPSILON))
                .hasMessage("3 rows of 32 do not fit 64 floats");
        assertThatThrownBy(() -> kernels.addBias(new float[5], new float[2], 3))
                .hasMessage("x has 5 floats, needs [3, 2]");
    }

    private static void assertNormed(float actual, float[] x, int from, int width, int at, float weight) {
        double squares = 0;
        for (int i = from; i < from + width; i++) {
            squares += (double) x[i] * x[i];
        }
        double expected = x[at] / Math.sqrt(squares / width + EPSILON) * weight;
        assertThat((double) actual).isCloseTo(expected, offset(Math.abs(expected) * width * 0x1p-24 + 1e-30));
    }
}
