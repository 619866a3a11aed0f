package io.llmserve.bench.fairness;

import io.llmserve.bench.fleet.StepCosts;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/// How tenants fared.
///
/// @param firstToken of all requests
/// @param politeFirstToken of tenants that do not flood
/// @param worstTenant of the tenants that do not flood, the one that waited longest for first tokens, on average
/// @param shortSlowdown mean, over short requests of tenants that do not flood, of the time taken over the time it
/// would
///     take alone
/// @param jainsIndex 1: each tenant had its fair part
/// @param tokensPerSecond prompts and answers, from the first arrival to the last token
public record FairnessReport(
        Policy policy,
        Traffic.Pattern pattern,
        int requests,
        Wait firstToken,
        Wait politeFirstToken,
        double worstTenant,
        double shortSlowdown,
        double jainsIndex,
        double tokensPerSecond) {
    /// Seconds.
    public record Wait(double mean, double p99) {
        static Wait of(List<Served> requests) {
            double[] waits =
                    requests.stream().mapToDouble(Served::waited).sorted().toArray();
            int last = waits.length - 1;
            return last < 0
                    ? new Wait(0, 0)
                    : new Wait(
                            Arrays.stream(waits).average().orElse(0), waits[(int) Math.min(last, 0.99 * waits.length)]);
        }
    }

    static FairnessReport of(
            Policy policy, Traffic traffic, StepCosts costs, List<Served> requests, ServiceLog service) {
        Predicate<Served> polite = each -> each.arrival.tenant() != traffic.flooding();
        List<Served> others = requests.stream().filter(polite).toList();
        double end = requests.stream().mapToDouble(each -> each.end).max().orElse(0);
        double tokens = requests.stream()
                .mapToDouble(each -> each.arrival.promptTokens() + each.arrival.answerTokens())
                .sum();
        return new FairnessReport(
                policy,
                traffic.pattern(),
                requests.size(),
                Wait.of(requests),
                Wait.of(others),
                worst(others),
                others.stream()
                        .filter(each -> each.arrival.isShort())
                        .mapToDouble(each -> (each.end - each.arrival.seconds()) / alone(each.arrival, costs))
                        .average()
                        .orElse(1),
                service.jainsIndex(),
                tokens / Math.max(1e-9, end));
    }

    private static double worst(List<Served> requests) {
        return IntStream.range(0, Traffic.TENANTS)
                .mapToDouble(tenant -> Wait.of(requests.stream()
                                .filter(each -> each.arrival.tenant() == tenant)
                                .toList())
                        .mean())
                .max()
                .orElse(0);
    }

    /// Seconds of a request that has the worker to itself.
    private static double alone(Traffic.Arrival arrival, StepCosts costs) {
        int chunk = costs.batching().chunkAlone();
        double seconds = (arrival.answerTokens() - 1) * costs.stepSeconds(1, 0);
        for (int left = arrival.promptTokens(); left > 0; left -= chunk) {
            seconds += costs.stepSeconds(0, Math.min(left, chunk));
        }
        return seconds;
    }
}
