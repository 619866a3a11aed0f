package io.llmserve.engine;

import io.llmserve.engine.EngineStatistics.StepTokens;

/// Counts steps by how many tokens they had. Owned by the step thread.
final class StepSizes {
    private final long[] steps = new long[StepTokens.SIZES];
    private long tokens;

    /// @param size of the step, at least one token
    void add(int size) {
        steps[Integer.SIZE - Integer.numberOfLeadingZeros(size - 1)]++;
        tokens += size;
    }

    StepTokens snapshot() {
        return new StepTokens(steps.clone(), tokens);
    }
}
