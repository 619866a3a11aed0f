package io.llmserve.admission.share;

import static io.llmserve.core.Checks.check;

/// How long the answers of one tenant get, learned from those that ended by themselves: a mean for prompts of about
/// the same length (within a factor of two), drawn towards the tenant's mean, and that towards a first guess, while
/// little is known. Older answers are forgotten gradually. 400 bytes, and a few operations. Not thread-safe.
public final class OutputLengths {
    private static final int KINDS = 24;
    private static final double KEEP = 0.98;
    /// Answers that the wider mean is worth.
    private static final double TRUST = 4;

    private final double firstGuess;
    private final double[] counts = new double[KINDS];
    private final double[] sums = new double[KINDS];
    private double count;
    private double sum;

    /// @param firstGuess tokens of an answer, before any was seen
    public OutputLengths(long firstGuess) {
        check(firstGuess > 0, "an answer has no %d tokens", firstGuess);
        this.firstGuess = firstGuess;
    }

    /// Tokens of the answer to a prompt of so many, of which there can't be more than `most`.
    public long expect(long promptTokens, long most) {
        int kind = kind(promptTokens);
        double tenant = (sum + TRUST * firstGuess) / (count + TRUST);
        double alike = (sums[kind] + TRUST * tenant) / (counts[kind] + TRUST);
        return Math.min(most, Math.round(alike));
    }

    public void learn(long promptTokens, long generated) {
        int kind = kind(promptTokens);
        counts[kind] = KEEP * counts[kind] + 1;
        sums[kind] = KEEP * sums[kind] + generated;
        count = KEEP * count + 1;
        sum = KEEP * sum + generated;
    }

    private static int kind(long promptTokens) {
        return Math.min(KINDS - 1, Long.SIZE - Long.numberOfLeadingZeros(Math.max(0, promptTokens)));
    }
}
