package io.llmserve.wire;

import io.llmserve.core.ServeException;
import io.llmserve.wire.GenerationFields.HandoverFields;
import io.llmserve.wire.GenerationFields.IdentityFields;
import io.llmserve.wire.GenerationFields.OutputFields;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Collects the fields that both completion endpoints know. Log-probabilities are asked for differently by
/// each.
final class GenerationFieldsReader {
    private final RequestReader reader;
    private final SamplingFieldsReader sampling;
    private Optional<String> model = Optional.empty();
    private Optional<String> requestId = Optional.empty();
    private Optional<String> cacheSalt = Optional.empty();
    private int choices = 1;
    private int bestOf = -1;
    private int priority;
    private boolean stream;
    private boolean streamOptionsGiven;
    private boolean includeUsage;
    private boolean continuousUsage;
    private boolean returnTokenIds;
    private boolean skipSpecialTokens = true;
    private Optional<KvTransfer> kvTransfer = Optional.empty();
    private List<Integer> resumeTokenIds = List.of();

    /// @param leastTokens that an answer must be allowed
    GenerationFieldsReader(RequestReader reader, int leastTokens) {
        this.reader = reader;
        this.sampling = new SamplingFieldsReader(reader, leastTokens);
    }

    /// Consumes the value and returns true, if the field is known here.
    boolean claims(String name) throws IOException {
        switch (name) {
            case "model" -> model = optionalString();
            case "stream" -> stream = reader.flag(false);
            case "stream_options" -> streamOptions();
            case "return_token_ids" -> returnTokenIds = reader.flag(false);
            case "request_id" -> requestId = bounded(RequestLimits.MAX_REQUEST_ID_LENGTH);
            case "cache_salt" -> cacheSalt = bounded(RequestLimits.MAX_CACHE_SALT_LENGTH);
            case "priority" -> priority = reader.integer(Integer.MIN_VALUE, Integer.MAX_VALUE, 0);
            case "kv_transfer_params" -> kvTransfer = KvTransferReader.read(reader);
            case "resume_token_ids" -> resumeTokenIds = resumeTokenIds();
            default -> {
                return claimsSampling(name);
            }
        }
        return true;
    }

    /// As [#claims], of fields that some endpoints keep in an object of their own.
    boolean claimsSampling(String name) throws IOException {
        switch (name) {
            case "n" -> choices = reader.integer(1, RequestLimits.MAX_CHOICES, 1);
            case "best_of" -> bestOf = reader.integer(1, RequestLimits.MAX_CHOICES, -1);
            case "skip_special_tokens" -> skipSpecialTokens = reader.flag(true);
            default -> {
                return sampling.claims(name);
            }
        }
        return true;
    }

    /// As [#finish], for an answer of tokens and no text.
    GenerationFields finishForTokens(int logprobs) {
        returnTokenIds = true;
        return finish(logprobs);
    }

    /// @param logprobs alternatives per token; -1 for none
    GenerationFields finish(int logprobs) {
        if (bestOf >= 0 && bestOf != choices) {
            throw ServeException.invalid(
                    "best_of",
                    "best_of %d with n %d is not supported by this engine; leave best_of out."
                            .formatted(bestOf, choices));
        }
        if (streamOptionsGiven && !stream) {
            throw ServeException.invalid("stream_options", "stream_options is only allowed when stream is true.");
        }
        if (!resumeTokenIds.isEmpty() && choices > 1) {
            throw ServeException.invalid(
                    "resume_token_ids", "resume_token_ids continues one choice, but n is %d.".formatted(choices));
        }
        return new GenerationFields(
                model,
                choices,
                sampling.finish(logprobs),
                new OutputFields(stream, includeUsage, continuousUsage, returnTokenIds, skipSpecialTokens),
                new IdentityFields(requestId, cacheSalt, priority),
                new HandoverFields(kvTransfer, resumeTokenIds));
    }

    private List<Integer> resumeTokenIds() throws IOException {
        return reader.isNull()
                ? List.of()
                : Arrays.stream(reader.tokenIds()).boxed().toList();
    }

    private Optional<String> optionalString() throws IOException {
        return reader.isNull() ? Optional.empty() : Optional.of(reader.string());
    }

    private Optional<String> bounded(int longest) throws IOException {
        Optional<String> value = optionalString();
        if (value.isPresent() && (value.get().isEmpty() || value.get().length() > longest)) {
            throw reader.invalid("must have between 1 and %d characters, got %d"
                    .formatted(longest, value.get().length()));
        }
        return value;
    }

    private void streamOptions() throws IOException {
        if (reader.isNull()) {
            return;
        }
        streamOptionsGiven = true;
        reader.object(name -> {
            switch (name) {
                case "include_usage" -> includeUsage = reader.flag(false);
                case "continuous_usage_stats" -> continuousUsage = reader.flag(false);
                default -> reader.skip();
            }
        });
    }
}
