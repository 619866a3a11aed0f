package io.llmserve.engine;

/// Hears how far the loading of weights is, on the loading thread.
@FunctionalInterface
public interface LoadProgress {
    LoadProgress NONE = (doneBytes, totalBytes) -> {};

    /// Bytes of packed weights; the last call has both equal.
    void loaded(long doneBytes, long totalBytes);
}
