package io.llmserve.core;

import static io.llmserve.core.Checks.check;

import java.util.Map;
import java.util.Set;

/// How the next token is chosen and when generation ends. The random number of position `p` is a function of
/// (seed, p) alone, so a stream can be continued elsewhere exactly.
///
/// @param logprobs how many best alternatives to report per token; -1 for no log-probabilities at all
public record SamplingParameters(
        Truncation truncation,
        Penalties penalties,
        Map<Integer, Float> logitBias,
        Stopping stopping,
        long seed,
        int logprobs) {

    public static final int MAX_LOGPROBS = 20;

    public SamplingParameters {
        logitBias = Map.copyOf(logitBias);
        check(
                logprobs >= -1 && logprobs <= MAX_LOGPROBS,
                "logprobs must be between -1 and %d, got %d",
                MAX_LOGPROBS,
                logprobs);
    }

    /// @param temperature 0 picks the most likely token
    /// @param topP keep the smallest set of tokens whose probability reaches this; 1 keeps all
    /// @param topK keep this many most likely tokens; 0 keeps all
    /// @param minP drop tokens less likely than this fraction of the most likely one; 0 keeps all
    public record Truncation(float temperature, float topP, int topK, float minP) {
        public static final Truncation GREEDY = new Truncation(0, 1, 0, 0);

        public Truncation {
            check(temperature >= 0 && temperature <= 100, "temperature must be between 0 and 100, got %s", temperature);
            check(topP > 0 && topP <= 1, "top_p must be in (0, 1], got %s", topP);
            check(topK >= 0, "top_k must not be negative, got %d", topK);
            check(minP >= 0 && minP <= 1, "min_p must be in [0, 1], got %s", minP);
        }
    }

    /// @param repetition divides (positive) or multiplies (negative) logits of tokens seen in prompt or output; 1 is
    /// off
    /// @param presence subtracted once from tokens seen in the output; 0 is off
    /// @param frequency subtracted per occurrence in the output; 0 is off
    public record Penalties(float repetition, float presence, float frequency) {
        public static final Penalties NONE = new Penalties(1, 0, 0);

        public Penalties {
            check(
                    repetition > 0 && Float.isFinite(repetition),
                    "repetition_penalty must be positive, got %s",
                    repetition);
            check(presence >= -2 && presence <= 2, "presence_penalty must be in [-2, 2], got %s", presence);
            check(frequency >= -2 && frequency <= 2, "frequency_penalty must be in [-2, 2], got %s", frequency);
        }
    }

    /// @param maxTokens at most this many new tokens; 0 only computes the prompt
    /// @param minTokens no end-of-sequence or stop token before this many new tokens
    /// @param stopTokenIds end the generation, beside the model's own end-of-sequence tokens
    /// @param ignoreEos go on past the model's end-of-sequence tokens
    public record Stopping(int maxTokens, int minTokens, Set<Integer> stopTokenIds, boolean ignoreEos) {
        public Stopping {
            stopTokenIds = Set.copyOf(stopTokenIds);
            check(maxTokens >= 0, "max_tokens must not be negative, got %d", maxTokens);
            check(
                    minTokens >= 0 && minTokens <= maxTokens,
                    "min_tokens must be in [0, %d], got %d",
                    maxTokens,
                    minTokens);
        }
    }

    public static SamplingParameters greedy(int maxTokens) {
        return new SamplingParameters(
                Truncation.GREEDY, Penalties.NONE, Map.of(), new Stopping(maxTokens, 0, Set.of(), false), 0, -1);
    }
}
