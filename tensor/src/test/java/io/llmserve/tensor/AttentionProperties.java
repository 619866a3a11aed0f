package io.llmserve.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmserve.testkit.Seeds;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;

/// Attention over pages: right, the same bits from both kernel sets, and the same bits however a sequence is
/// cut into steps, whatever else is in the batch, and whatever the pages held before.
class AttentionProperties {
    private static final int[] LENGTHS = {1, 2, 15, 16, 17, 31, 33, 48, 100, 255, 256, 257, 300};

    /// One sequence on one layer, of a random shape, with its pages scattered in a dirty cache.
    private static final class Scene {
        final Random random;
        final int kvHeads;
        final int dimension;
        final int length;
        final AttentionShape shape;
        final KvCache cache;
        final float[] qkv;
        final int[] pages;
        final int width;

        Scene(long seed, Arena arena) {
            random = new Random(seed);
            kvHeads = 1 + random.nextInt(3);
            dimension = 16 * (1 + random.nextInt(5));
            length = LENGTHS[random.nextInt(LENGTHS.length)];
            int window = random.nextInt(3) == 0 ? 1 + random.nextInt(300) : 0;
            shape = new AttentionShape(1 + random.nextInt(4), (float) (1 / Math.sqrt(dimension)), window);
            KvLayout layout =
                    new KvLayout(2, kvHeads, dimension, random.nextBoolean() ? KvLayout.Type.F32 : KvLayout.Type.BF16);
            cache = new KvCache(layout, arena.allocate(layout.pageBytes() * 24, 64));
            cache.memory().fill((byte) 0xFF); // NaN in both types
            pages = random.ints(0, 24).distinct().limit(20).toArray();
            width = (shape.group() + 2) * kvHeads * dimension;
            qkv = RandomTensors.floats(length * width, random);
        }

        /// Writes and attends rows `from .. to` as one step.
        float[] attend(Kernels kernels, int from, int to) {
            float[] rows = java.util.Arrays.copyOfRange(qkv, from * width, to * width);
            int heads = shape.group() * kvHeads;
            Batch batch = new Batch(List.of(new Batch.Span(from, to - from, pages)));
            Heads keys = new Heads(rows, width, heads * dimension, kvHeads, dimension);
            Heads values = new Heads(rows, width, (heads + kvHeads) * dimension, kvHeads, dimension);
            kernels.writeKv(cache, 1, batch, keys, values);
            float[] out = new float[(to - from) * heads * dimension];
            kernels.attend(cache, 1, batch, shape, new Heads(rows, width, 0, heads, dimension), out);
            return out;
        }
    }

    @ParameterizedTest
    @Seeds(60)
    void hasTheScalarKernelsBitsHoweverItIsCut(long seed) {
        try (ComputePool pool = new ComputePool(2);
                Arena arena = Arena.ofShared()) {
            Scene scene = new Scene(seed, arena);
            float[] expected = scene.attend(new Kernels(pool, new ScalarKernels()), 0, scene.length);
            scene.cache.memory().fill((byte) 0xFF);
            Kernels kernels = new Kernels(pool, new VectorKernels());
            float[] actual = new float[expected.length];
            int rowWidth = expected.length / scene.length;
            for (int from = 0; from < scene.length; ) {
                int to = Math.min(scene.length, from + 1 + (scene.random.nextBoolean() ? 0 : scene.random.nextInt(90)));
                float[] part = scene.attend(kernels, from, to);
                System.arraycopy(part, 0, actual, from * rowWidth, part.length);
                from = to;
            }
            KernelProperties.assertSameBits(actual, expected);
        }
    }

    @ParameterizedTest
    @Seeds(20)
    void doesNotDependOnOtherSequences(long seed) {
        try (ComputePool pool = new ComputePool(3);
                Arena arena = Arena.ofShared()) {
            Scene scene = new Scene(seed, arena);
            Kernels kernels = new Kernels(pool, new VectorKernels());
            float[] alone = scene.attend(kernels, 0, scene.length);
            int copies = 3;
            int heads = scene.shape.group() * scene.kvHeads;
            float[] rows = new float[copies * scene.qkv.length];
            List<Batch.Span> spans = new ArrayList<>();
            for (int copy = 0; copy < copies; copy++) {
                System.arraycopy(scene.qkv, 0, rows, copy * scene.qkv.length, scene.qkv.length);
                spans.add(new Batch.Span(0, scene.length, scene.pages));
            }
            float[] out = new float[copies * alone.length];
            Heads queries = new Heads(rows, scene.width, 0, heads, scene.dimension);
            kernels.attend(scene.cache, 1, new Batch(spans), scene.shape, queries, out);
            for (int copy = 0; copy < copies; copy++) {
                KernelProperties.assertSameBits(
                        java.util.Arrays.copyOfRange(out, copy * alone.length, (copy + 1) * alone.length), alone);
            }
        }
    }

    @ParameterizedTest
    @Seeds(20)
    void isSoftmaxOfScoresTimesValues(long seed) {
        try (ComputePool pool = new ComputePool(1);
                Arena arena = Arena.ofShared()) {
            Scene scene = new Scene(seed, arena);
            float[] out = scene.attend(new Kernels(pool, new VectorKernels()), 0, scene.length);
            int heads = scene.shape.group() * scene.kvHeads;
            int row = scene.random.nextInt(scene.length);
            int head = scene.random.nextInt(heads);
            double[] expected = reference(scene, row, head, heads);
            double tolerance = scene.cache.layout().type() == KvLayout.Type.F32 ? 1e-5 : 0.05;
            for (int d = 0; d < scene.dimension; d++) {
                float actual = out[(row * heads + head) * scene.dimension + d];
                assertThat((double) actual).isCloseTo(expected[d], within(tolerance));
            }
        }
    }

    private static double[] reference(Scene scene, int row, int head, int heads) {
        int dimension = scene.dimension;
        int kvHead = head / scene.shape.group();
        double[] sum = new double[dimension];
        double total = 0;
        int first = scene.shape.window() == 0 ? 0 : Math.max(0, row - scene.shape.window() + 1);
        for (int position = first; position <= row; position++) {
            int key = position * scene.width + (heads + kvHead) * dimension;
            int value = key + scene.kvHeads * dimension;
            double score = 0;
            for (int d = 0; d < dimension; d++) {
                score += (double) scene.qkv[row * scene.width + head * dimension + d] * scene.qkv[key + d];
            }
            double weight = Math.exp(score * scene.shape.scale());
            total += weight;
            for (int d = 0; d < dimension; d++) {
                sum[d] += weight * scene.qkv[value + d];
            }
        }
        for (int d = 0; d < dimension; d++) {
            sum[d] /= total;
        }
        return sum;
    }
}
