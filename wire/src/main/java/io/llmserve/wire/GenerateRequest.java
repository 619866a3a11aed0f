package io.llmserve.wire;

/// The body of vLLM's `POST /inference/v1/generate`: tokens in, tokens out. Sampling stands in an object of its
/// own.
public record GenerateRequest(int[] tokenIds, GenerationFields generation) {
    /// Of an answer whose request names no limit.
    public static final int DEFAULT_MAX_TOKENS = 16;

    /// Throws INVALID_REQUEST with the path of the first field that is wrong or cannot be honoured.
    public static GenerateRequest parse(byte[] body) {
        return RequestReader.read(body, reader -> new GenerateRequestReader(reader).read());
    }
}
