package io.llmserve.engine;

import io.llmserve.core.ServeException;

/// What a request must keep to so that it can ever run.
record RequestRules(int vocabulary, int contextLength) {
    /// Fails (INVALID_REQUEST) with the field that is wrong.
    void check(GenerationRequest request) {
        int length = request.prompt().length;
        int answer = Math.min(1, request.sampling().stopping().maxTokens());
        if (length + answer > contextLength) {
            throw ServeException.invalid(
                    "prompt",
                    "the prompt has %d tokens, but the context of %d must also hold an answer of %d or more"
                            .formatted(length, contextLength, answer));
        }
        for (int token : request.prompt()) {
            checkToken("prompt", token);
        }
        checkResumed(request);
        request.sampling().logitBias().keySet().forEach(token -> checkToken("logit_bias", token));
    }

    /// What was generated elsewhere must be what this request could have generated.
    private void checkResumed(GenerationRequest request) {
        int resumed = request.resumed().length;
        int most = Math.min(request.sampling().stopping().maxTokens(), contextLength - request.prompt().length);
        if (resumed > most) {
            throw ServeException.invalid(
                    "resume_token_ids",
                    "%d tokens are said to be generated already, but the answer has at most %d"
                            .formatted(resumed, most));
        }
        for (int token : request.resumed()) {
            checkToken("resume_token_ids", token);
        }
    }

    private void checkToken(String field, int token) {
        if (token < 0 || token >= vocabulary) {
            throw ServeException.invalid(
                    field, "token id %d is outside the vocabulary of %d".formatted(token, vocabulary));
        }
    }
}
