package io.llmserve.engine;

/// A submitted request, in the hands of the one who submitted it.
public interface Generation {
    String id();

    /// The caller has no use for more tokens: pages are freed before the next step. Idempotent; after the end
    /// it does nothing. The listener then hears `onEnd` with ABORT unless it already heard an end.
    void cancel();
}
