package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

/// Cosines and sines of rotary position embedding (RoFormer, arXiv 2104.09864), for positions `0 .. positions -
/// 1`. Angles are `position * inverseFrequency`, rounded to f32 as Hugging Face's models do.
public final class RopeTable {
    private final int pairs;
    private final int positions;
    private final boolean interleaved;
    private final float[] cosines;
    private final float[] sines;

    /// @param inverseFrequencies one per pair, any scaling already applied; twice as many dimensions of a head
    /// rotate
    /// @param interleaved pairs are (2i, 2i + 1); otherwise (i, i + pairs)
    public RopeTable(float[] inverseFrequencies, int positions, boolean interleaved) {
        this.pairs = inverseFrequencies.length;
        check(pairs > 0 && positions > 0, "a RoPE table needs pairs and positions, got %d and %d", pairs, positions);
        this.positions = positions;
        this.interleaved = interleaved;
        this.cosines = new float[Math.multiplyExact(positions, pairs)];
        this.sines = new float[cosines.length];
        for (int i = 0; i < cosines.length; i++) {
            int position = i / pairs;
            float angle = position * inverseFrequencies[i % pairs];
            cosines[i] = (float) Math.cos(angle);
            sines[i] = (float) Math.sin(angle);
        }
    }

    public int positions() {
        return positions;
    }

    public int dimension() {
        return 2 * pairs;
    }

    /// Rotates one head at `at`: `(a, b) -> (fma(a, cos, -(b * sin)), fma(a, sin, b * cos))`.
    void rotate(float[] x, int at, int position) {
        int angles = position * pairs;
        if (interleaved) {
            rotatePairs(x, at, angles);
        } else {
            rotateHalves(x, at, angles);
        }
    }

    private void rotatePairs(float[] x, int at, int angles) {
        for (int i = 0; i < pairs; i++) {
            float a = x[at + 2 * i];
            float b = x[at + 2 * i + 1];
            x[at + 2 * i] = Math.fma(a, cosines[angles + i], -(b * sines[angles + i]));
            x[at + 2 * i + 1] = Math.fma(a, sines[angles + i], b * cosines[angles + i]);
        }
    }

    private void rotateHalves(float[] x, int at, int angles) {
        for (int i = 0; i < pairs; i++) {
            float a = x[at + i];
            float b = x[at + pairs + i];
            x[at + i] = Math.fma(a, cosines[angles + i], -(b * sines[angles + i]));
            x[at + pairs + i] = Math.fma(a, sines[angles + i], b * cosines[angles + i]);
        }
    }
}
