package io.llmserve.app;

import io.llmserve.core.ServeException;

/// A failure as its user reads it: sentences, no stack trace.
final class FailureText {
    private FailureText() {}

    static String of(Throwable failure) {
        if (failure instanceof ServeException serve) {
            return prefixed(serve.messageText());
        }
        if (failure instanceof OutOfMemoryError) {
            return prefixed("out of memory (%s); close other programs or use a smaller model or KV cache"
                    .formatted(failure.getMessage()));
        }
        return prefixed("unexpected failure: %s (run again with --verbose for its origin)".formatted(failure));
    }

    private static String prefixed(String message) {
        return "llmserve: " + message;
    }
}
