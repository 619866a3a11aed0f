package io.llmserve.engine;

import io.llmserve.core.SamplingParameters.Truncation;
import io.llmserve.tensor.Logits;
import java.util.Arrays;

/// Draws a token from logits under temperature, min_p, top_k and top_p, in this order, as vLLM does. Scratch of one
/// thread; nothing is sorted that cannot be drawn.
final class Candidates {
    private final float[] weights;
    private final long[] ranked;

    Candidates(int vocabulary) {
        weights = new float[vocabulary];
        ranked = new long[vocabulary];
    }

    /// @param uniform in [0, 1)
    int draw(float[] logits, int at, Truncation truncation, double uniform) {
        double total = weigh(logits, at, truncation.temperature());
        if (truncation.topK() == 0 && truncation.topP() == 1) {
            return drawUnordered(truncation.minP(), uniform);
        }
        int count = truncation.topK() > 0 && truncation.topK() < weights.length
                ? rankTop(logits, at, truncation)
                : rankAbove(Math.max(truncation.minP(), negligible(truncation.topP(), truncation.minP(), total)));
        return drawRanked(count, truncation.topP(), uniform);
    }

    /// `weights[i] = exp((logit[i] - max) / temperature)`; returns their sum.
    private double weigh(float[] logits, int at, float temperature) {
        Logits.weights(logits, at, weights.length, 1 / temperature, weights);
        double total = 0;
        for (float weight : weights) {
            total += weight;
        }
        return total;
    }

    /// Tokens below this weight sum to less than `1 - topP` of the total, so they are outside the nucleus.
    /// With min_p the total that top_p refers to is not known yet, and min_p has cut the tail anyway.
    private double negligible(float topP, float minP, double total) {
        return minP > 0 ? 0 : (1 - topP) * total / weights.length;
    }

    private int drawUnordered(float minP, double uniform) {
        double total = 0;
        for (float weight : weights) {
            total += weight >= minP ? weight : 0;
        }
        double rest = uniform * total;
        int last = 0;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] >= minP && weights[i] > 0) {
                last = i;
                rest -= weights[i];
                if (rest < 0) {
                    return i;
                }
            }
        }
        return last;
    }

    private int rankTop(float[] logits, int at, Truncation truncation) {
        int[] top = Logits.top(logits, at, weights.length, truncation.topK());
        int count = 0;
        for (int token : top) {
            if (weights[token] >= truncation.minP()) {
                ranked[count++] = rank(token);
            }
        }
        Arrays.sort(ranked, 0, count);
        return count;
    }

    private int rankAbove(double threshold) {
        int count = 0;
        for (int token = 0; token < weights.length; token++) {
            if (weights[token] >= threshold) {
                ranked[count++] = rank(token);
            }
        }
        Arrays.sort(ranked, 0, count);
        return count;
    }

    /// Orders by weight, then by lower token id; weights are not negative, so their bits order as they do.
    private long rank(int token) {
        return (long) Float.floatToRawIntBits(weights[token]) << 32 | (Integer.MAX_VALUE - token);
    }

    private static int token(long rank) {
        return Integer.MAX_VALUE - (int) rank;
    }

    private static float weight(long rank) {
        return Float.intBitsToFloat((int) (rank >>> 32));
    }

    /// The heaviest of `ranked[0, count)` up to the one that reaches `topP` of their sum; one of these is drawn.
    private int drawRanked(int count, float topP, double uniform) {
        double total = 0;
        for (int i = 0; i < count; i++) {
            total += weight(ranked[i]);
        }
        int first = count;
        double nucleus = 0;
        while (first > 0 && (nucleus == 0 || nucleus < topP * total)) {
            first--;
            nucleus += weight(ranked[first]);
        }
        double rest = uniform * nucleus;
        for (int i = count - 1; i > first; i--) {
            rest -= weight(ranked[i]);
            if (rest < 0) {
                return token(ranked[i]);
            }
        }
        return token(ranked[first]);
    }
}
