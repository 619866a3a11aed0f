package io.llmserve.gateway;

import io.llmserve.gateway.GatewayOptions.Health;

/// Whether one worker may get requests. A worker is out until its first good probe; it goes out when several
/// probes or several requests in a row fail, at once when nothing listens there any more, and comes back with a
/// good probe, after failed requests not before its ejection is over. Not thread-safe; time is an argument.
final class WorkerHealth {
    private final Health options;
    private boolean up;
    private int failedProbes;
    private int failedRequests;
    private int ejections;
    private long ejectedUntilNanos;
    private boolean ejected;
    private String reason = "no probe has succeeded yet";

    WorkerHealth(Health options) {
        this.options = options;
    }

    boolean up() {
        return up;
    }

    /// Why the worker is out; meaningless while it is up.
    String reason() {
        return reason;
    }

    void probeSucceeded(long nowNanos) {
        failedProbes = 0;
        if (!up && (!ejected || nowNanos - ejectedUntilNanos >= 0)) {
            up = true;
            ejected = false;
            failedRequests = 0;
        }
    }

    void probeFailed(String why) {
        failedProbes++;
        if (!up || failedProbes >= options.failures()) {
            up = false;
            reason = why;
        }
    }

    void requestSucceeded() {
        failedRequests = 0;
        ejections = 0;
    }

    /// @param refused nothing listens there: no need to see it twice
    void requestFailed(String why, boolean refused, long nowNanos) {
        failedRequests++;
        if (up && (refused || failedRequests >= options.failures())) {
            up = false;
            ejected = true;
            reason = why;
            ejectedUntilNanos = nowNanos + ejectionNanos();
            ejections++;
        }
    }

    private long ejectionNanos() {
        long nanos = options.ejection().toNanos() << Math.min(ejections, 20);
        return Math.min(nanos, options.longestEjection().toNanos());
    }
}
