package io.llmserve.core;

/// Why a generation ended, in OpenAI's words.
public enum FinishReason {
    /// An end-of-sequence or stop token, or a stop string.
    STOP("stop"),
    /// `max_tokens` reached, or the context is full.
    LENGTH("length"),
    /// The client went away or the server is shutting down.
    ABORT("abort");

    private final String wireName;

    FinishReason(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }
}
