package io.llmserve.engine;

import io.llmserve.core.FinishReason;
import io.llmserve.core.SamplingParameters.Stopping;
import java.util.Optional;
import java.util.Set;

/// When a generation ends by itself.
///
/// @param contextLength the most tokens of a sequence
record StopRule(Set<Integer> eosTokenIds, int contextLength) {
    StopRule {
        eosTokenIds = Set.copyOf(eosTokenIds);
    }

    /// Asked after `token` was appended to the sequence.
    Optional<FinishReason> after(int token, Sequence sequence, Stopping stopping) {
        boolean ends =
                stopping.stopTokenIds().contains(token) || (!stopping.ignoreEos() && eosTokenIds.contains(token));
        if (ends && sequence.generated() >= stopping.minTokens()) {
            return Optional.of(FinishReason.STOP);
        }
        boolean full = sequence.generated() >= stopping.maxTokens() || sequence.length() >= contextLength;
        return full ? Optional.of(FinishReason.LENGTH) : Optional.empty();
    }
}
