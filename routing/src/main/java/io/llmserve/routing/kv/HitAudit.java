package io.llmserve.routing.kv;

import static io.llmserve.core.Checks.check;

/// Compares, for one worker, the cached tokens that the index predicted with those that the worker's answers
/// report. Later answers count more. Too many tokens predicted means that the index claims what is not there:
/// then it is to be built again, at most once per pause.
public final class HitAudit {
    /// @param worstShare of the predicted tokens that may be missing
    /// @param requests that are looked at before anything is said
    /// @param pauseMillis between two repairs
    /// @param kept how much of what was counted is left after one more request, below 1
    public record Options(double worstShare, int requests, long pauseMillis, double kept) {
        public static final Options STANDARD = new Options(0.2, 32, 30_000, 0.98);

        public Options {
            check(worstShare > 0 && worstShare < 1, "worstShare must be between 0 and 1, got %s", worstShare);
            check(requests > 0, "requests must be positive, got %d", requests);
            check(pauseMillis >= 0, "pauseMillis must not be negative, got %d", pauseMillis);
            check(kept > 0 && kept < 1, "kept must be between 0 and 1, got %s", kept);
        }
    }

    private final Options options;
    private int requestsSinceRepair;
    private long repairs;
    private long nextRepairMillis = Long.MIN_VALUE;
    private double overclaimed;
    private double missed;
    private double predicted;
    private double cached;

    public HitAudit(Options options) {
        this.options = options;
    }

    /// A request has been answered; true where the worker's part of the index is to be built again.
    ///
    /// @param confirmedTokens predicted when it was routed, by the worker's own events
    /// @param predictedTokens predicted then, guesses included
    /// @param cachedTokens that the worker reports
    public boolean answered(int confirmedTokens, int predictedTokens, int cachedTokens, long nowMillis) {
        overclaimed = options.kept * overclaimed + Math.max(0, confirmedTokens - cachedTokens);
        missed = options.kept * missed + Math.max(0, cachedTokens - predictedTokens);
        predicted = options.kept * predicted + confirmedTokens;
        cached = options.kept * cached + cachedTokens;
        requestsSinceRepair++;
        if (requestsSinceRepair < options.requests
                || nowMillis < nextRepairMillis
                || drift().overclaimedShare() <= options.worstShare) {
            return false;
        }
        repairs++;
        requestsSinceRepair = 0;
        overclaimed = 0;
        missed = 0;
        predicted = 0;
        cached = 0;
        nextRepairMillis = nowMillis + options.pauseMillis;
        return true;
    }

    public Drift drift() {
        return new Drift(share(overclaimed, predicted), share(missed, cached), repairs);
    }

    private static double share(double part, double whole) {
        return whole == 0 ? 0 : part / whole;
    }

    /// How far the index is from what the worker has.
    ///
    /// @param overclaimedShare of the tokens that were predicted, those that were not cached
    /// @param missedShare of the tokens that were cached, those that were not predicted
    /// @param repairs so far
    public record Drift(double overclaimedShare, double missedShare, long repairs) {}
}
