package io.llmserve.engine;

import io.llmserve.core.Failure;
import io.llmserve.core.SamplingParameters;
import io.llmserve.core.SamplingParameters.Penalties;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenLogprobs;
import io.llmserve.tensor.Logits;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Chooses tokens from logits. Log-probabilities are those of the model itself, before bias, penalties and
/// truncation, as vLLM reports them. Owned by the step thread.
final class Sampler {
    /// Below this temperature the most likely token is taken, as in vLLM.
    private static final float GREEDY_TEMPERATURE = 1e-5f;

    private final int vocabulary;
    private final Set<Integer> eosTokenIds;
    private final float[] adjusted;
    private final Candidates candidates;

    /// A choice, with log-probabilities where they were asked for.
    record Choice(int tokenId, @Nullable TokenLogprobs logprobs) {}

    Sampler(int vocabulary, Set<Integer> eosTokenIds) {
        this.vocabulary = vocabulary;
        this.eosTokenIds = eosTokenIds;
        this.adjusted = new float[vocabulary];
        this.candidates = new Candidates(vocabulary);
    }

    /// What a choice depends on besides the logits.
    ///
    /// @param counts tokens so far; only read where there are penalties
    /// @param generated tokens of the answer so far
    /// @param position of the token to be chosen, from the beginning of the prompt
    record Context(SamplingParameters parameters, TokenCounts counts, int generated, int position) {}

    /// The next token from the row `logits[at, at + vocabulary)`, or a failure (INTERNAL) where a logit is not a
    /// number.
    Choice choose(float[] logits, int at, Context context) {
        rejectNaN(logits, at);
        SamplingParameters parameters = context.parameters();
        int token = adjusts(context) ? pick(adjust(logits, at, context), 0, context) : pick(logits, at, context);
        return new Choice(token, parameters.logprobs() < 0 ? null : logprobs(logits, at, token, parameters.logprobs()));
    }

    /// How likely the model held `token` to be, or a failure (INTERNAL) where a logit is not a number.
    TokenLogprobs score(float[] logits, int at, int token, int alternatives) {
        rejectNaN(logits, at);
        return logprobs(logits, at, token, alternatives);
    }

    static boolean hasPenalties(SamplingParameters parameters) {
        return !parameters.penalties().equals(Penalties.NONE);
    }

    private void rejectNaN(float[] logits, int at) {
        int greatest = 0;
        for (int i = at; i < at + vocabulary; i++) {
            greatest = Math.max(greatest, Float.floatToRawIntBits(logits[i]) & 0x7FFFFFFF);
        }
        if (greatest > 0x7F800000) {
            throw new ServeException(Failure.INTERNAL, "the model's logits are not numbers (NaN)");
        }
    }

    private int pick(float[] logits, int at, Context context) {
        SamplingParameters parameters = context.parameters();
        if (parameters.truncation().temperature() < GREEDY_TEMPERATURE) {
            return Logits.argMax(logits, at, vocabulary);
        }
        double uniform = CounterRandom.uniform(parameters.seed(), context.position());
        return candidates.draw(logits, at, parameters.truncation(), uniform);
    }

    private static boolean adjusts(Context context) {
        SamplingParameters parameters = context.parameters();
        return !parameters.logitBias().isEmpty()
                || hasPenalties(parameters)
                || context.generated() < parameters.stopping().minTokens();
    }

    private float[] adjust(float[] logits, int at, Context context) {
        System.arraycopy(logits, at, adjusted, 0, vocabulary);
        SamplingParameters parameters = context.parameters();
        if (context.generated() < parameters.stopping().minTokens()) {
            eosTokenIds.forEach(this::forbid);
            parameters.stopping().stopTokenIds().forEach(this::forbid);
        }
        parameters.logitBias().forEach((token, bias) -> adjusted[token] += bias);
        if (hasPenalties(parameters)) {
            Penalties penalties = parameters.penalties();
            context.counts().forEach((token, occurrences) -> penalise(token, occurrences, penalties));
        }
        return adjusted;
    }

    private void forbid(int token) {
        if (token >= 0 && token < vocabulary) {
            adjusted[token] = Float.NEGATIVE_INFINITY;
        }
    }

    private void penalise(int token, int occurrences, Penalties penalties) {
        float logit = adjusted[token];
        logit = logit > 0 ? logit / penalties.repetition() : logit * penalties.repetition();
        logit -= occurrences * penalties.frequency();
        adjusted[token] = logit - (occurrences > 0 ? penalties.presence() : 0);
    }

    private TokenLogprobs logprobs(float[] logits, int at, int token, int alternatives) {
        float logSumExp = Logits.logSumExp(logits, at, vocabulary);
        int[] top = Logits.top(logits, at, vocabulary, alternatives);
        float[] logprobs = new float[top.length];
        for (int i = 0; i < top.length; i++) {
            logprobs[i] = logits[at + top[i]] - logSumExp;
        }
        return new TokenLogprobs(logits[at + token] - logSumExp, top, logprobs);
    }
}
