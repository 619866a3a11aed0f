package io.llmserve.bench.load;

import org.HdrHistogram.Histogram;

/// Histograms of complete answers, in microseconds with three digits. One owner at a time.
final class Latencies {
    private final Histogram firstToken = new Histogram(3);
    private final Histogram interToken = new Histogram(3);
    private final Histogram perToken = new Histogram(3);
    private final Histogram endToEnd = new Histogram(3);

    void add(Outcome outcome) {
        Outcome.Timing timing = outcome.timing();
        endToEnd.recordValue((timing.end() - timing.scheduled()) / 1000);
        long[] chunks = timing.chunks();
        if (chunks.length == 0) {
            return;
        }
        firstToken.recordValue(firstTokenNanos(outcome) / 1000);
        for (int i = 1; i < chunks.length; i++) {
            interToken.recordValue((chunks[i] - chunks[i - 1]) / 1000);
        }
        if (outcome.usage().outputTokens() > 1) {
            perToken.recordValue(perTokenNanos(outcome) / 1000);
        }
    }

    /// From the scheduled arrival to the first text; for an answer in one piece, to its end.
    static long firstTokenNanos(Outcome outcome) {
        Outcome.Timing timing = outcome.timing();
        return (timing.chunks().length == 0 ? timing.end() : timing.chunks()[0]) - timing.scheduled();
    }

    /// Mean time of the tokens after the first; for an answer in one piece, of all tokens.
    static long perTokenNanos(Outcome outcome) {
        Outcome.Timing timing = outcome.timing();
        int tokens = outcome.usage().outputTokens();
        long[] chunks = timing.chunks();
        return chunks.length == 0
                ? (timing.end() - timing.scheduled()) / Math.max(1, tokens)
                : (chunks[chunks.length - 1] - chunks[0]) / Math.max(1, tokens - 1);
    }

    LoadReport.Latency summary() {
        return new LoadReport.Latency(spread(firstToken), spread(interToken), spread(perToken), spread(endToEnd));
    }

    private static LoadReport.Spread spread(Histogram histogram) {
        return new LoadReport.Spread(
                histogram.getTotalCount(),
                histogram.getTotalCount() == 0 ? 0 : histogram.getMean() / 1000,
                histogram.getValueAtPercentile(50) / 1000.0,
                histogram.getValueAtPercentile(90) / 1000.0,
                histogram.getValueAtPercentile(95) / 1000.0,
                histogram.getValueAtPercentile(99) / 1000.0,
                histogram.getMaxValue() / 1000.0);
    }
}
