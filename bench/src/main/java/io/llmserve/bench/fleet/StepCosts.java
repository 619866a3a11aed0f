package io.llmserve.bench.fleet;

import static io.llmserve.core.Checks.check;

/// What a worker's work costs, in seconds, as measured on a real one: a step of its batch costs
/// `step + sequence * sequences + prefillToken * promptTokens`, and pages on their way
/// `transfer + transferToken * tokens`.
///
public record StepCosts(
        double step, double sequence, double prefillToken, double transfer, double transferToken, Batching batching) {
    /// @param maxSequences streams of a worker at once
    /// @param chunkAlone prompt tokens of a step without streams
    /// @param chunkBeside prompt tokens of a step in which streams get their tokens too
    public record Batching(int maxSequences, int chunkAlone, int chunkBeside) {
        public Batching {
            check(maxSequences > 0 && chunkAlone > 0 && chunkBeside > 0, "a step has room for something");
        }
    }

    public StepCosts {
        check(step > 0 && sequence >= 0 && prefillToken > 0, "a step costs something, got %s", step);
        check(transfer >= 0 && transferToken >= 0, "a transfer costs %s + %s n", transfer, transferToken);
    }

    public double stepSeconds(int sequences, int promptTokens) {
        return step + sequence * sequences + prefillToken * promptTokens;
    }

    double transferSeconds(int tokens) {
        return transfer + transferToken * tokens;
    }
}
