package io.llmserve.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RopeTableTest {
    private static final int PAIRS = 8;
    private static final int POSITIONS = 8192;
    private static final float[] FREQUENCIES = frequencies();

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rotatesEachPairByItsAngle(boolean interleaved) {
        Random random = new Random(3);
        RopeTable table = new RopeTable(FREQUENCIES, POSITIONS, interleaved);
        for (int position : new int[] {0, 1, 2, 17, 1000, POSITIONS - 1}) {
            float[] head = RandomTensors.floats(2 * PAIRS, random);
            float[] rotated = head.clone();
            table.rotate(rotated, 0, position);
            for (int pair = 0; pair < PAIRS; pair++) {
                int first = interleaved ? 2 * pair : pair;
                int second = interleaved ? 2 * pair + 1 : pair + PAIRS;
                assertRotated(head, rotated, first, second, position, FREQUENCIES[pair]);
            }
        }
    }

    /// The angle is rounded to f32, half a unit in its last place; so are its sine and cosine, and the products.
    private static void assertRotated(
            float[] head, float[] rotated, int first, int second, int position, float frequency) {
        double angle = (double) position * frequency;
        double length = Math.hypot(head[first], head[second]);
        double tolerance = length * (angle * 0x1p-24 + 4 * 0x1p-24);
        assertThat((double) rotated[first])
                .isCloseTo(head[first] * Math.cos(angle) - head[second] * Math.sin(angle), offset(tolerance));
        assertThat((double) rotated[second])
                .isCloseTo(head[first] * Math.sin(angle) + head[second] * Math.cos(angle), offset(tolerance));
    }

    @Test
    void positionZeroChangesNothing() {
        float[] head = RandomTensors.floats(2 * PAIRS, new Random(1));
        float[] rotated = head.clone();
        new RopeTable(FREQUENCIES, 1, false).rotate(rotated, 0, 0);
        assertThat(rotated).isEqualTo(head);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rotatesTheHeadsOfABatchByTheirRowsPositionsAndNothingElse(boolean interleaved) {
        int dimension = 2 * PAIRS + 3;
        int stride = 5 + 2 * dimension + 1;
        RopeTable table = new RopeTable(FREQUENCIES, 64, interleaved);
        Batch batch = new Batch(List.of(new Batch.Span(30, 2, new int[2]), new Batch.Span(7, 1, new int[1])));
        float[] values = RandomTensors.floats(3 * stride, new Random(9));
        float[] expected = values.clone();
        int[] positions = {30, 31, 7};
        for (int row = 0; row < 3; row++) {
            table.rotate(expected, row * stride + 5, positions[row]);
            table.rotate(expected, row * stride + 5 + dimension, positions[row]);
        }
        try (ComputePool pool = new ComputePool(2)) {
            new Kernels(pool).rope(table, batch, new Heads(values, stride, 5, 2, dimension));
            assertThat(values).isEqualTo(expected);
            Batch beyond = new Batch(List.of(new Batch.Span(64, 1, new int[5])));
            assertThatThrownBy(() -> new Kernels(pool).rope(table, beyond, new Heads(values, stride, 5, 2, dimension)))
                    .hasMessage("position 64 is beyond the RoPE table's 64");
        }
    }

    private static float[] frequencies() {
        float[] frequencies = new float[PAIRS];
        for (int pair = 0; pair < PAIRS; pair++) {
            frequencies[pair] = (float) Math.pow(10_000, -pair / (double) PAIRS);
        }
        return frequencies;
    }
}
