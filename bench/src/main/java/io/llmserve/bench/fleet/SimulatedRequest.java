package io.llmserve.bench.fleet;

import static io.llmserve.core.Checks.check;

import io.llmserve.routing.PromptChunks;
import org.jspecify.annotations.Nullable;

/// One request on its way through the simulated fleet. Mutable; owned by the simulation.
final class SimulatedRequest {
    final int id;
    final int promptTokens;
    final double arrival;
    final PromptChunks prompt;
    /// When each token of the answer came.
    final double[] tokens;
    int generated;
    /// Tokens that its worker has still to compute before the next one comes: of the prompt, and after a fault
    /// those that had been generated.
    int leftToPrefill;
    /// Counts the times it was routed: what was planned for an earlier attempt does not happen.
    int attempt;
    double sentToPrefill;
    boolean alone;
    /// Who decodes, or will.
    @Nullable
    SimulatedWorker decode;
    /// Who computes the prompt for another, or holds its pages until they are there.
    @Nullable
    SimulatedWorker prefill;

    SimulatedRequest(int id, int promptTokens, int outputTokens, double arrival, PromptChunks prompt) {
        this.id = id;
        this.promptTokens = promptTokens;
        this.tokens = new double[outputTokens];
        this.arrival = arrival;
        this.prompt = prompt;
    }

    boolean isComplete() {
        return generated == tokens.length;
    }

    void tokenAt(double now) {
        check(!isComplete(), "request %d has its %d tokens already", id, generated);
        tokens[generated++] = now;
    }

    double firstToken() {
        return tokens[0] - arrival;
    }

    /// Mean seconds between two tokens; 0 where there is only one.
    double meanGap() {
        return generated < 2 ? 0 : (tokens[generated - 1] - tokens[0]) / (generated - 1);
    }
}
