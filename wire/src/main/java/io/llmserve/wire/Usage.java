package io.llmserve.wire;

/// Tokens of one answer, all its choices together.
///
/// @param cachedTokens prompt tokens that needed no computing
public record Usage(int promptTokens, int completionTokens, int cachedTokens) {
    public static final Usage NONE = new Usage(0, 0, 0);

    public Usage plus(Usage other) {
        return new Usage(
                promptTokens + other.promptTokens,
                completionTokens + other.completionTokens,
                cachedTokens + other.cachedTokens);
    }

    void writeTo(JsonBytes json) {
        json.raw("{\"prompt_tokens\":")
                .number(promptTokens)
                .raw(",\"total_tokens\":")
                .number((long) promptTokens + completionTokens)
                .raw(",\"completion_tokens\":")
                .number(completionTokens)
                .raw(",\"prompt_tokens_details\":{\"cached_tokens\":")
                .number(cachedTokens)
                .raw("}}");
    }
}
