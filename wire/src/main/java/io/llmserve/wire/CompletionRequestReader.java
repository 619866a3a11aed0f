package io.llmserve.wire;

import io.llmserve.core.SamplingParameters;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Reads a [CompletionRequest].
final class CompletionRequestReader {
    private final RequestReader reader;
    private final GenerationFieldsReader generation;
    private final List<Prompt> prompts = new ArrayList<>();
    private boolean promptGiven;
    private boolean echo;
    private boolean addSpecialTokens = true;
    private int logprobs = -1;

    CompletionRequestReader(RequestReader reader) {
        this.reader = reader;
        this.generation = new GenerationFieldsReader(reader, 0);
    }

    CompletionRequest read() throws IOException {
        reader.object(this::field);
        if (!promptGiven) {
            throw ServeException.invalid("prompt", "prompt is required.");
        }
        GenerationFields fields = generation.finish(logprobs);
        if (!echo && fields.sampling().stopping().maxTokens().orElse(1) == 0) {
            throw ServeException.invalid("max_tokens", "max_tokens must be positive, or echo true; got 0 and false.");
        }
        long sequences = (long) prompts.size() * fields.choices();
        if (sequences > RequestLimits.MAX_SEQUENCES) {
            throw ServeException.invalid(
                    "prompt",
                    "%d prompts with n %d are %d sequences; at most %d are allowed in one request."
                            .formatted(prompts.size(), fields.choices(), sequences, RequestLimits.MAX_SEQUENCES));
        }
        if (prompts.size() > 1 && !fields.handover().resumeTokenIds().isEmpty()) {
            throw ServeException.invalid(
                    "resume_token_ids",
                    "resume_token_ids continues one prompt, but there are %d.".formatted(prompts.size()));
        }
        return new CompletionRequest(prompts, echo, addSpecialTokens, fields);
    }

    private void field(String name) throws IOException {
        switch (name) {
            case "prompt" -> prompt();
            case "echo" -> echo = reader.flag(false);
            case "logprobs" -> logprobs = reader.integer(0, SamplingParameters.MAX_LOGPROBS, -1);
            case "add_special_tokens" -> addSpecialTokens = reader.flag(true);
            default -> {
                if (!generation.claims(name)) {
                    UnsupportedFields.consume(reader, name);
                }
            }
        }
    }

    private void prompt() throws IOException {
        promptGiven = !reader.isNull();
        if (reader.isString()) {
            prompts.add(new Prompt.Text(reader.string()));
        } else if (reader.isList()) {
            promptList();
        } else if (promptGiven) {
            throw reader.mismatch("a string, a list of strings, a list of token ids or a list of lists of token ids");
        }
    }

    private void promptList() throws IOException {
        reader.enterList();
        if (reader.atListEnd()) {
            throw ServeException.invalid("prompt", "prompt must not be an empty list.");
        }
        if (reader.isInteger()) {
            prompts.add(new Prompt.Tokens(reader.tokenIdsFromFirst()));
            return;
        }
        boolean texts = reader.isString();
        if (!texts && !reader.isList()) {
            throw reader.mismatch("a string, a token id or a list of token ids");
        }
        for (; !reader.atListEnd(); reader.enterList()) {
            if (prompts.size() == RequestLimits.MAX_SEQUENCES) {
                throw reader.invalid("is one prompt more than the %d allowed in one request".formatted(prompts.size()));
            }
            prompts.add(texts ? new Prompt.Text(reader.string()) : tokens());
        }
    }

    private Prompt tokens() throws IOException {
        String path = reader.path();
        int[] ids = reader.tokenIds();
        if (ids.length == 0) {
            throw ServeException.invalid(path, path + " must have at least one token id.");
        }
        return new Prompt.Tokens(ids);
    }
}
