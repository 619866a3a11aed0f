package io.llmserve.wire;

import io.llmserve.core.SamplingParameters;
import io.llmserve.core.SamplingParameters.Penalties;
import io.llmserve.core.SamplingParameters.Stopping;
import io.llmserve.core.SamplingParameters.Truncation;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/// Sampling as the request states it: what it leaves open (the length, the seed) depends on the prompt and on
/// chance.
///
/// @param logprobs alternatives per token; -1 for no log-probabilities
public record SamplingFields(
        Truncation truncation,
        Penalties penalties,
        Map<Integer, Float> logitBias,
        StoppingFields stopping,
        OptionalLong seed,
        int logprobs) {

    /// @param stop stop strings, none empty
    /// @param includeStop leave the stop string in the text
    public record StoppingFields(
            OptionalInt maxTokens,
            int minTokens,
            Set<Integer> stopTokenIds,
            boolean ignoreEos,
            List<String> stop,
            boolean includeStop) {
        public StoppingFields {
            stopTokenIds = Set.copyOf(stopTokenIds);
            stop = List.copyOf(stop);
        }
    }

    public SamplingFields {
        logitBias = Map.copyOf(logitBias);
    }

    /// Whether tokens must be reported with their probabilities.
    public boolean wantsLogprobs() {
        return logprobs >= 0;
    }

    /// What the engine is told, once length and seed are known.
    public SamplingParameters parameters(int maxTokens, long chosenSeed) {
        return new SamplingParameters(
                truncation,
                penalties,
                logitBias,
                new Stopping(maxTokens, stopping.minTokens(), stopping.stopTokenIds(), stopping.ignoreEos()),
                chosenSeed,
                logprobs);
    }
}
