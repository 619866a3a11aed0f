package io.llmserve.wire;

import io.llmserve.core.SamplingParameters.Penalties;
import io.llmserve.core.SamplingParameters.Truncation;
import io.llmserve.wire.SamplingFields.StoppingFields;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/// Collects the fields that say how tokens are chosen and when to stop. Ranges are those of OpenAI, or of vLLM
/// where OpenAI does not know the field.
final class SamplingFieldsReader {
    private static final float MAX_TEMPERATURE = 100;
    private static final float MAX_REPETITION_PENALTY = 1_000;
    private static final float MAX_BIAS = 100;

    private final RequestReader reader;
    private final int leastTokens;
    private float temperature = 1;
    private float topP = 1;
    private int topK;
    private float minP;
    private float repetition = 1;
    private float presence;
    private float frequency;
    private int maxTokens = -1;
    private int maxCompletionTokens = -1;
    private int minTokens;
    private boolean ignoreEos;
    private boolean includeStop;
    private OptionalLong seed = OptionalLong.empty();
    private final Map<Integer, Float> logitBias = new HashMap<>();
    private final Set<Integer> stopTokenIds = new HashSet<>();
    private final List<String> stop = new ArrayList<>();

    /// @param leastTokens that an answer must be allowed
    SamplingFieldsReader(RequestReader reader, int leastTokens) {
        this.reader = reader;
        this.leastTokens = leastTokens;
    }

    /// Consumes the value and returns true, if the field is known here.
    boolean claims(String name) throws IOException {
        switch (name) {
            case "temperature" -> temperature = reader.number(0, MAX_TEMPERATURE, 1);
            case "top_p" -> topP = reader.number(Float.MIN_VALUE, 1, 1);
            case "top_k" -> topK = Math.max(0, reader.integer(-1, Integer.MAX_VALUE, 0));
            case "min_p" -> minP = reader.number(0, 1, 0);
            case "repetition_penalty" -> repetition = reader.number(Float.MIN_VALUE, MAX_REPETITION_PENALTY, 1);
            case "presence_penalty" -> presence = reader.number(-2, 2, 0);
            case "frequency_penalty" -> frequency = reader.number(-2, 2, 0);
            case "logit_bias" -> logitBias();
            case "seed" -> seed = readSeed();
            default -> {
                return claimsStopping(name);
            }
        }
        return true;
    }

    private boolean claimsStopping(String name) throws IOException {
        switch (name) {
            case "max_tokens" -> maxTokens = reader.integer(leastTokens, Integer.MAX_VALUE, -1);
            case "max_completion_tokens" -> maxCompletionTokens = reader.integer(leastTokens, Integer.MAX_VALUE, -1);
            case "min_tokens" -> minTokens = reader.integer(0, Integer.MAX_VALUE, 0);
            case "ignore_eos" -> ignoreEos = reader.flag(false);
            case "include_stop_str_in_output" -> includeStop = reader.flag(false);
            case "stop" -> stop();
            case "stop_token_ids" -> stopTokenIds();
            default -> {
                return false;
            }
        }
        return true;
    }

    SamplingFields finish(int logprobs) {
        int limit = maxCompletionTokens >= 0 ? maxCompletionTokens : maxTokens;
        return new SamplingFields(
                new Truncation(temperature, topP, topK, minP),
                new Penalties(repetition, presence, frequency),
                logitBias,
                new StoppingFields(
                        limit >= 0 ? OptionalInt.of(limit) : OptionalInt.empty(),
                        minTokens,
                        stopTokenIds,
                        ignoreEos,
                        stop,
                        includeStop),
                seed,
                logprobs);
    }

    private OptionalLong readSeed() throws IOException {
        return reader.isNull() ? OptionalLong.empty() : OptionalLong.of(reader.integer(Long.MIN_VALUE, Long.MAX_VALUE));
    }

    private void stop() throws IOException {
        if (reader.isString()) {
            addStop();
        } else if (reader.isList()) {
            reader.list(this::addStop);
        } else if (!reader.isNull()) {
            throw reader.mismatch("a string or a list of strings");
        }
    }

    private void addStop() throws IOException {
        if (stop.size() == RequestLimits.MAX_STOP_STRINGS) {
            throw reader.invalid("is one stop string more than the %d allowed".formatted(stop.size()));
        }
        String text = reader.string();
        if (text.isEmpty() || text.length() > RequestLimits.MAX_STOP_LENGTH) {
            throw reader.invalid("must have between 1 and %d characters, got %d"
                    .formatted(RequestLimits.MAX_STOP_LENGTH, text.length()));
        }
        stop.add(text);
    }

    private void stopTokenIds() throws IOException {
        if (reader.isNull()) {
            return;
        }
        reader.list(() -> {
            if (stopTokenIds.size() == RequestLimits.MAX_STOP_TOKEN_IDS) {
                throw reader.invalid("is one stop token more than the %d allowed".formatted(stopTokenIds.size()));
            }
            stopTokenIds.add((int) reader.integer(0, Integer.MAX_VALUE));
        });
    }

    private void logitBias() throws IOException {
        if (reader.isNull()) {
            return;
        }
        reader.object(name -> {
            if (logitBias.size() == RequestLimits.MAX_LOGIT_BIASES) {
                throw reader.invalid("is one bias more than the %d allowed".formatted(logitBias.size()));
            }
            logitBias.put(tokenId(name), reader.number(-MAX_BIAS, MAX_BIAS, 0));
        });
    }

    private int tokenId(String name) {
        try {
            int id = Integer.parseInt(name);
            if (id >= 0) {
                return id;
            }
        } catch (NumberFormatException notANumber) {
            // Refused below, with the same words as a negative number.
        }
        throw reader.invalid("must have a token id as its key");
    }
}
