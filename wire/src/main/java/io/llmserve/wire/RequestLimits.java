package io.llmserve.wire;

/// What one request may ask for. Each is refused with both numbers.
public final class RequestLimits {
    /// `n`, as in OpenAI's API.
    public static final int MAX_CHOICES = 128;
    /// Prompts of one completion request times `n`.
    public static final int MAX_SEQUENCES = 1_024;
    /// Stop strings of one request; OpenAI allows 4, vLLM any number. Each is looked for in every piece of
    /// text.
    public static final int MAX_STOP_STRINGS = 64;
    /// UTF-16 units of one stop string: text of this length is held back while it may still become one.
    public static final int MAX_STOP_LENGTH = 1_024;
    public static final int MAX_STOP_TOKEN_IDS = 1_024;
    public static final int MAX_LOGIT_BIASES = 1_024;
    /// Log-probabilities of echoed prompts in one answer, alternatives included: they are held until it is sent.
    public static final int MAX_PROMPT_LOGPROBS = 1 << 20;
    /// UTF-16 units of `request_id` and `X-Request-Id`.
    public static final int MAX_REQUEST_ID_LENGTH = 128;
    /// UTF-16 units of `cache_salt`, as in vLLM.
    public static final int MAX_CACHE_SALT_LENGTH = 1_024;

    private RequestLimits() {}
}
