package io.llmserve.bench.load;

/// What is under load.
public interface Target {
    /// Sends the request and returns when its answer has ended, well or not. Called on many threads at once; never
    /// throws.
    ///
    /// @param scheduledNanos when it was due, on the run's clock
    Outcome send(PlannedRequest request, long scheduledNanos);
}
