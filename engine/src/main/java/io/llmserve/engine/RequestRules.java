package io.llmserve.engine;

import io.llmserve.core.ServeException;

/// What a request must keep to so that it can ever run.
record RequestRules(int vocabulary, int contextLength) {
    /// Fails (INVALID_REQUEST) with the field that is wrong.
    void check(GenerationRequest request) {
        int length = request.prompt().length;
        if (length >= contextLength) {
            throw ServeException.invalid(
                    "prompt",
                    "the prompt has %d tokens, but the context of %d must also hold an answer of one or more"
                            .formatted(length, contextLength));
        }
        for (int token : request.prompt()) {
            checkToken("prompt", token);
        }
        request.sampling().logitBias().keySet().forEach(token -> checkToken("logit_bias", token));
    }

    private void checkToken(String field, int token) {
        if (token < 0 || token >= vocabulary) {
            throw ServeException.invalid(
                    field, "token id %d is outside the vocabulary of %d".formatted(token, vocabulary));
        }
    }
}
