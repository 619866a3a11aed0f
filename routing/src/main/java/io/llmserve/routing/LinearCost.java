package io.llmserve.routing;

import static io.llmserve.core.Checks.check;

/// Seconds that so many tokens take: `overhead + perToken * tokens`, fitted to what was measured, where later
/// measurements count more. Least squares with exponential forgetting; the first guess counts as a few
/// measurements, so that no single one turns it over.
public final class LinearCost {
    private static final double KEPT = 0.95;
    private static final double GUESS_WEIGHT = 2;
    private static final double GUESS_TOKENS = 1_000;
    private static final double SMALLEST_PER_TOKEN = 1e-9;

    private double weight;
    private double tokensSum;
    private double secondsSum;
    private double tokensSquared;
    private double tokensSeconds;

    public LinearCost(double overheadSeconds, double perTokenSeconds) {
        check(overheadSeconds >= 0 && perTokenSeconds > 0, "a cost of %s + %s n", overheadSeconds, perTokenSeconds);
        add(0, overheadSeconds, GUESS_WEIGHT);
        add(GUESS_TOKENS, overheadSeconds + perTokenSeconds * GUESS_TOKENS, GUESS_WEIGHT);
    }

    public void measured(double tokens, double seconds) {
        weight *= KEPT;
        tokensSum *= KEPT;
        secondsSum *= KEPT;
        tokensSquared *= KEPT;
        tokensSeconds *= KEPT;
        add(tokens, seconds, 1);
    }

    public double seconds(double tokens) {
        return overheadSeconds() + perTokenSeconds() * tokens;
    }

    /// Positive, though noise may lean the other way.
    public double perTokenSeconds() {
        double spread = weight * tokensSquared - tokensSum * tokensSum;
        double level = Math.max(SMALLEST_PER_TOKEN, secondsSum / Math.max(1, tokensSum));
        if (spread <= 1e-6 * tokensSum * tokensSum) {
            return level; // all measured at one length: it tells nothing of the overhead
        }
        double slope = (weight * tokensSeconds - tokensSum * secondsSum) / spread;
        return Math.clamp(slope, SMALLEST_PER_TOKEN, Math.max(SMALLEST_PER_TOKEN, level));
    }

    public double overheadSeconds() {
        return Math.max(0, (secondsSum - perTokenSeconds() * tokensSum) / weight);
    }

    private void add(double tokens, double seconds, double times) {
        weight += times;
        tokensSum += times * tokens;
        secondsSum += times * seconds;
        tokensSquared += times * tokens * tokens;
        tokensSeconds += times * tokens * seconds;
    }
}
