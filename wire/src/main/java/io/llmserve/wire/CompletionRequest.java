package io.llmserve.wire;

import java.util.List;

/// The body of `POST /v1/completions`. Every prompt is continued `n` times; choices are numbered prompt by
/// prompt.
///
/// @param echo the answer's text begins with the prompt, and log-probabilities with those of the prompt's tokens; it
/// may then be allowed no token of its own
public record CompletionRequest(
        List<Prompt> prompts, boolean echo, boolean addSpecialTokens, GenerationFields generation) {
    /// Of an answer whose request names no limit.
    public static final int DEFAULT_MAX_TOKENS = 16;

    public CompletionRequest {
        prompts = List.copyOf(prompts);
    }

    /// Throws INVALID_REQUEST with the path of the first field that is wrong or cannot be honoured.
    public static CompletionRequest parse(byte[] body) {
        return RequestReader.read(body, reader -> new CompletionRequestReader(reader).read());
    }
}
