package io.llmserve.bench.fleet;

import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// How a simulated fleet did. Seconds.
///
/// @param tokensPerSecond generated, from the first arrival to the last token
/// @param goodRequestsPerSecond those that met both objectives
/// @param goodShare of all requests
/// @param gap between two tokens of one answer, all gaps of all answers
public record FleetReport(
        double tokensPerSecond,
        double goodRequestsPerSecond,
        double goodShare,
        Quantiles firstToken,
        Quantiles gap,
        Counts counts) {
    /// What a request must meet to count as good.
    ///
    /// @param gap mean of the request
    public record Objectives(double firstToken, double gap) {}

    public record Quantiles(double p50, double p99) {}

    /// @param splits requests that went to two workers
    /// @param continued times that a request lost its worker and went on at another one
    /// @param lost requests without a complete answer
    /// @param leftBehind places that workers still hold for requests that have ended
    public record Counts(int splits, int continued, int lost, int leftBehind) {}

    static FleetReport of(List<SimulatedRequest> requests, Objectives objectives, Counts counts) {
        List<SimulatedRequest> complete =
                requests.stream().filter(SimulatedRequest::isComplete).toList();
        double begin = requests.getFirst().arrival;
        double end = complete.stream()
                .mapToDouble(each -> each.tokens[each.generated - 1])
                .max()
                .orElse(begin);
        double seconds = Math.max(1e-9, end - begin);
        long good = complete.stream()
                .filter(each -> each.firstToken() <= objectives.firstToken() && each.meanGap() <= objectives.gap())
                .count();
        return new FleetReport(
                requests.stream().mapToLong(each -> each.generated).sum() / seconds,
                good / seconds,
                (double) good / requests.size(),
                quantiles(complete.stream()
                        .mapToDouble(SimulatedRequest::firstToken)
                        .toArray()),
                quantiles(complete.stream().flatMapToDouble(FleetReport::gaps).toArray()),
                counts);
    }

    private static DoubleStream gaps(SimulatedRequest request) {
        return IntStream.range(1, request.generated).mapToDouble(i -> request.tokens[i] - request.tokens[i - 1]);
    }

    private static Quantiles quantiles(double[] values) {
        Arrays.sort(values);
        return new Quantiles(quantile(values, 0.5), quantile(values, 0.99));
    }

    /// Zero where nothing was measured.
    private static double quantile(double[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1, share * sorted.length)];
    }
}
