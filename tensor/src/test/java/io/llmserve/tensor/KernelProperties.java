package io.llmserve.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;

/// The vector kernels give the bits of the scalar ones, on shapes around lane counts and block borders, and a
/// row's result does not depend on its neighbours.
class KernelProperties {
    private static final int[] ROWS = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33};
    private static final int[] OUTPUTS = {1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64, 80, 97, 160};
    private static final int[] GROUPS = {1, 2, 3, 5, 6, 7, 12, 13};

    private static final List<DType> TYPES = List.of(DType.values());

    private final KernelSet scalar = new ScalarKernels();
    private final KernelSet vector = new VectorKernels();

    @ParameterizedTest
    @Seeds(80)
    void matmulHasTheScalarKernelsBits(long seed) {
        Random random = new Random(seed);
        DType type = TYPES.get((int) (seed % TYPES.size()));
        int columns = pick(GROUPS, random) * Math.max(32, type.blockElements());
        try (ComputePool pool = new ComputePool(1 + random.nextInt(3));
                Arena arena = Arena.ofShared()) {
            StoredTensor top = RandomTensors.of(type, pick(OUTPUTS, random), columns, random);
            StoredTensor bottom = RandomTensors.of(DType.F16, pick(OUTPUTS, random), columns, random);
            PackedMatrix matrix = MatrixPacker.pack(pool, arena, top, bottom);
            int rows = pick(ROWS, random);
            float[] x = RandomTensors.floats(rows * columns, random);
            float[] expected = new float[rows * matrix.rows()];
            float[] actual = new float[rows * matrix.rows()];
            new Kernels(pool, scalar).matmul(matrix, x, rows, expected);
            new Kernels(pool, vector).matmul(matrix, x, rows, actual);
            assertSameBits(actual, expected);
            assertIndependentOfNeighbours(new Kernels(pool, vector), matrix, x, rows, expected);
        }
    }

    private static void assertIndependentOfNeighbours(
            Kernels kernels, PackedMatrix matrix, float[] x, int rows, float[] expected) {
        float[] alone = new float[matrix.rows()];
        int row = rows - 1;
        float[] own = java.util.Arrays.copyOfRange(x, row * matrix.columns(), (row + 1) * matrix.columns());
        kernels.matmul(matrix, own, 1, alone);
        assertSameBits(alone, java.util.Arrays.copyOfRange(expected, row * matrix.rows(), (row + 1) * matrix.rows()));
    }

    @ParameterizedTest
    @Seeds(20)
    void matmulIsTheSumOfProducts(long seed) {
        Random random = new Random(seed);
        DType type = TYPES.get((int) (seed % TYPES.size()));
        int columns = 256 * (1 + random.nextInt(3));
        try (ComputePool pool = new ComputePool(2);
                Arena arena = Arena.ofShared()) {
            StoredTensor stored = RandomTensors.of(type, 50, columns, random);
            float[] w = Dequantizer.floats(stored);
            float[] x = RandomTensors.floats(3 * columns, random);
            float[] y = new float[3 * 50];
            new Kernels(pool, vector).matmul(MatrixPacker.pack(pool, arena, stored), x, 3, y);
            for (int i = 0; i < y.length; i++) {
                double sum = 0;
                double size = 0;
                for (int k = 0; k < columns; k++) {
                    double product = (double) w[i % 50 * columns + k] * x[i / 50 * columns + k];
                    sum += product;
                    size += Math.abs(product);
                }
                assertThat((double) y[i]).isCloseTo(sum, org.assertj.core.data.Offset.offset(size * columns * 0x1p-24));
            }
        }
    }

    @ParameterizedTest
    @Seeds(30)
    void normAndSiluHaveTheScalarKernelsBits(long seed) {
        Random random = new Random(seed);
        int width = 16 * (1 + random.nextInt(40));
        float[] x = RandomTensors.floats(2 * width, random);
        for (int i = 0; i < x.length; i++) {
            x[i] *= (float) Math.exp(random.nextGaussian() * 2);
        }
        float[] weight = RandomTensors.floats(width, random);
        float[] expected = new float[width];
        float[] actual = new float[width];
        scalar.rmsNorm(x, width, width, weight, 1e-5f, expected, 0);
        vector.rmsNorm(x, width, width, weight, 1e-5f, actual, 0);
        assertSameBits(actual, expected);
        scalar.siluProduct(x, 0, width, width, expected, 0);
        vector.siluProduct(x, 0, width, width, actual, 0);
        assertSameBits(actual, expected);
    }

    private static int pick(int[] choices, Random random) {
        return choices[random.nextInt(choices.length)];
    }

    static void assertSameBits(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            if (Float.floatToRawIntBits(actual[i]) != Float.floatToRawIntBits(expected[i])) {
                assertThat(actual[i]).as("element %d of %d", i, expected.length).isEqualTo(expected[i]);
            }
        }
    }
}
