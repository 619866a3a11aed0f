package io.llmserve.tensor;

import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;

/// Measures the kernels on the shapes of SmolLM2-135M: `KernelBenchmark [threads] [case...]`, cases by prefix.
/// Not a test: run it by hand on a quiet machine, best of several rounds.
public final class KernelBenchmark {
    private static final int LAYERS = 30;
    private static final int HIDDEN = 576;
    private static final int FEED_FORWARD = 1536;
    private static final PrintStream OUT = System.out;

    private final ComputePool pool;
    private final Kernels kernels;
    private final List<String> cases;
    private final Arena arena = Arena.ofAuto();

    private KernelBenchmark(int threads, List<String> cases) {
        this.pool = new ComputePool(threads);
        this.kernels = new Kernels(pool);
        this.cases = cases;
    }

    public static void main(String[] arguments) {
        int threads = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 2;
        List<String> cases = Arrays.asList(arguments).subList(Math.min(1, arguments.length), arguments.length);
        KernelBenchmark benchmark = new KernelBenchmark(threads, cases);
        OUT.println(benchmark.kernels.description() + ", " + threads + " threads");
        benchmark.dispatch();
        for (DType type : DType.values()) {
            benchmark.matrices(type);
        }
        benchmark.attention(KvLayout.Type.F32);
        benchmark.attention(KvLayout.Type.BF16);
        benchmark.small();
        benchmark.pool.close();
    }

    private boolean skips(String name) {
        return !cases.isEmpty() && cases.stream().noneMatch(only -> name.startsWith(only) || only.startsWith(name));
    }

    private void dispatch() {
        if (!skips("dispatch")) {
            report("dispatch", "us/region", 1000, seconds -> seconds * 1e6, () -> pool.parallel(2, task -> {}));
        }
    }

    private void matrices(DType type) {
        if (skips(type + "-")) {
            return;
        }
        Random random = new Random(1);
        List<PackedMatrix> matrices = new ArrayList<>();
        int[][] shapes = {{960, HIDDEN}, {HIDDEN, HIDDEN}, {2 * FEED_FORWARD, HIDDEN}, {HIDDEN, FEED_FORWARD}};
        double weights = 0;
        for (int[] shape : shapes) {
            int columns = type.blockElements() == 256 ? (shape[1] + 255) / 256 * 256 : shape[1];
            StoredTensor stored = RandomTensors.of(type, shape[0], columns, random);
            for (int layer = 0; layer < LAYERS; layer++) {
                matrices.add(MatrixPacker.pack(pool, arena, stored));
                weights += (double) shape[0] * columns;
            }
        }
        for (int rows : new int[] {1, 2, 4, 8, 16, 64, 1024}) {
            float[] x = RandomTensors.floats(rows * FEED_FORWARD, random);
            float[] y = new float[rows * 2 * FEED_FORWARD];
            double all = weights * rows;
            report(
                    "%s-%d".formatted(type, rows),
                    rows == 1 ? "Gweights/s" : "GFLOP/s",
                    Math.max(1, 30 / rows),
                    seconds -> all * (rows == 1 ? 1 : 2) / seconds / 1e9,
                    () -> {
                        for (PackedMatrix matrix : matrices) {
                            kernels.matmul(matrix, x, rows, y);
                        }
                    });
        }
    }

    private void attention(KvLayout.Type type) {
        if (skips("attention")) {
            return;
        }
        Random random = new Random(1);
        KvLayout layout = new KvLayout(LAYERS, 3, 64, type);
        KvCache cache = new KvCache(layout, arena.allocate(layout.pageBytes() * 64, 64));
        int[] pages = new int[64];
        Arrays.setAll(pages, i -> i);
        float[] qkv = RandomTensors.floats(1024 * 960, random);
        Batch prefill = new Batch(List.of(new Batch.Span(0, 1024, pages)));
        Heads keys = new Heads(qkv, 960, 576, 3, 64);
        Heads values = new Heads(qkv, 960, 768, 3, 64);
        for (int layer = 0; layer < LAYERS; layer++) {
            kernels.writeKv(cache, layer, prefill, keys, values);
        }
        Heads queries = new Heads(qkv, 960, 0, 9, 64);
        float[] out = new float[1024 * 576];
        AttentionShape shape = new AttentionShape(3, 0.125f, 0);
        report("attention-prefill-1024-" + type, "ms/30 layers", 1, seconds -> seconds * 1e3, () -> {
            for (int layer = 0; layer < LAYERS; layer++) {
                kernels.attend(cache, layer, prefill, shape, queries, out);
            }
        });
        Batch decode = new Batch(List.of(new Batch.Span(1023, 1, pages)));
        report("attention-decode-at-1024-" + type, "ms/30 layers", 10, seconds -> seconds * 1e3, () -> {
            for (int layer = 0; layer < LAYERS; layer++) {
                kernels.attend(cache, layer, decode, shape, queries, out);
            }
        });
        report("attention-write-1024-" + type, "ms/30 layers", 1, seconds -> seconds * 1e3, () -> {
            for (int layer = 0; layer < LAYERS; layer++) {
                kernels.writeKv(cache, layer, prefill, keys, values);
            }
        });
    }

    private void small() {
        if (skips("small")) {
            return;
        }
        Random random = new Random(1);
        int rows = 1024;
        float[] x = RandomTensors.floats(rows * 2 * FEED_FORWARD, random);
        float[] y = new float[rows * FEED_FORWARD];
        float[] weight = RandomTensors.floats(HIDDEN, random);
        for (int count : new int[] {1, rows}) {
            report("small-silu-" + count, "us", 20, s -> s * 1e6, () -> kernels.siluProduct(x, count, FEED_FORWARD, y));
            report("small-norm-" + count, "us", 20, s -> s * 1e6, () -> kernels.rmsNorm(x, count, weight, 1e-5f, y));
            report("small-add-" + count, "us", 20, s -> s * 1e6, () -> kernels.add(y, x, count, HIDDEN));
            float[] frequencies = new float[32];
            Arrays.fill(frequencies, 0.1f);
            RopeTable table = new RopeTable(frequencies, rows, true);
            Batch batch = new Batch(List.of(new Batch.Span(0, count, new int[64])));
            Heads heads = new Heads(x, 960, 0, 12, 64);
            report("small-rope-" + count, "us", 20, s -> s * 1e6, () -> kernels.rope(table, batch, heads));
        }
        float[] logits = RandomTensors.floats(49152, random);
        report("small-argmax", "us", 20, s -> s * 1e6, () -> Logits.argMax(logits, 0, logits.length));
        report("small-logsumexp", "us", 20, s -> s * 1e6, () -> Logits.logSumExp(logits, 0, logits.length));
        report("small-top40", "us", 20, s -> s * 1e6, () -> Logits.top(logits, 0, logits.length, 40));
    }

    private void report(String name, String unit, int repeat, DoubleUnaryOperator figure, Runnable body) {
        if (skips(name)) {
            return;
        }
        double best = Double.MAX_VALUE;
        long end = System.nanoTime() + 4_000_000_000L;
        for (int round = 0; round < 5 || System.nanoTime() < end; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < repeat; i++) {
                body.run();
            }
            best = Math.min(best, (System.nanoTime() - start) / 1e9 / repeat);
        }
        OUT.printf("%-32s %10.2f %s%n", name, figure.applyAsDouble(best), unit);
    }
}
