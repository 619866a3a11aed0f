package io.llmserve.admission.share;

import static io.llmserve.core.Checks.check;

/// How [FairShare] orders.
///
/// @param agingPerSecond work units that a second of waiting is worth within a tenant's line: a request can only be
///     overtaken by those that came at most `its work / agingPerSecond` later
/// @param prioritySeconds what a level of priority is worth in that line
public record ShareOptions(Prices prices, double agingPerSecond, double prioritySeconds) {
    /// A request of 1,000 tokens is overtaken by shorter ones of its tenant for half a minute: `llmserve bench
    /// fairness`
    /// says what that brings.
    public static final ShareOptions DEFAULT = new ShareOptions(Prices.DEFAULT, 30, 10);

    public ShareOptions {
        check(
                agingPerSecond > 0 && agingPerSecond < Double.POSITIVE_INFINITY,
                "aging must be positive, got %s",
                agingPerSecond);
        check(prioritySeconds >= 0, "a priority is worth %s s", prioritySeconds);
    }

    /// Does not move with time, so that lines need not be sorted again: of two requests that both wait, the
    /// difference of work and age stays what it was.
    double rank(Demand demand) {
        double seconds = demand.arrivalNanos() / 1e9 - demand.priority() * prioritySeconds;
        return prices.of(demand.expected()) + agingPerSecond * seconds;
    }
}
