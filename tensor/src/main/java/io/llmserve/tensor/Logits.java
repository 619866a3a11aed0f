package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

import java.util.Arrays;

/// What a sampler asks of one row of logits: `count` floats from `at` on. Ties go to the lower index; NaN
/// counts as the least.
public final class Logits {
    private Logits() {}

    /// The index, from 0, of the greatest.
    public static int argMax(float[] logits, int at, int count) {
        check(count > 0, "no logits");
        int best = 0;
        for (int i = 1; i < count; i++) {
            if (logits[at + i] > logits[at + best] || Float.isNaN(logits[at + best])) {
                best = i;
            }
        }
        return best;
    }

    /// `log(sum of exp(logit))`: a token's log-probability is its logit less this.
    public static float logSumExp(float[] logits, int at, int count) {
        float maximum = logits[at + argMax(logits, at, count)];
        float[] sums = new float[16];
        for (int i = 0; i < count; i++) {
            sums[i % 16] += Exponential.of(logits[at + i] - maximum);
        }
        return maximum + (float) Math.log(ScalarKernels.tree(sums, 0));
    }

    /// `out[i] = exp((logit[i] - greatest) * scale)`: unnormalised probabilities at temperature `1 / scale`.
    public static void weights(float[] logits, int at, int count, float scale, float[] out) {
        float maximum = logits[at + argMax(logits, at, count)];
        for (int i = 0; i < count; i++) {
            out[i] = Exponential.of((logits[at + i] - maximum) * scale);
        }
    }

    /// The indices of the `k` greatest (or all, where there are fewer), greatest first.
    public static int[] top(float[] logits, int at, int count, int k) {
        long[] heap = new long[Math.min(k, count)];
        Arrays.fill(heap, Long.MIN_VALUE);
        for (int i = 0; i < count && heap.length > 0; i++) {
            long entry = entry(logits[at + i], i);
            if (entry > heap[0]) {
                heap[0] = entry;
                siftDown(heap);
            }
        }
        Arrays.sort(heap);
        int[] indices = new int[heap.length];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = Integer.MAX_VALUE - (int) heap[heap.length - 1 - i];
        }
        return indices;
    }

    /// Orders by value, then by lower index.
    private static long entry(float value, int index) {
        int bits = Float.floatToRawIntBits(Float.isNaN(value) ? Float.NEGATIVE_INFINITY : value + 0f);
        int ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF);
        return (long) ordered << 32 | (Integer.MAX_VALUE - index);
    }

    private static void siftDown(long[] heap) {
        int parent = 0;
        while (true) {
            int child = 2 * parent + 1;
            if (child >= heap.length) {
                return;
            }
            child += child + 1 < heap.length && heap[child + 1] < heap[child] ? 1 : 0;
            if (heap[parent] <= heap[child]) {
                return;
            }
            long swap = heap[parent];
            heap[parent] = heap[child];
            heap[child] = swap;
            parent = child;
        }
    }
}
