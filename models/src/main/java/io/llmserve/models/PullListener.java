package io.llmserve.models;

/// Hears how a model is being brought here. Called on the thread that pulls, a few times a second.
@FunctionalInterface
public interface PullListener {
    PullListener SILENT = (phase, subject, doneBytes, totalBytes) -> {};

    enum Phase {
        /// Another process is pulling the same model.
        WAITING,
        /// Asking the source what there is.
        RESOLVING,
        DOWNLOADING,
        EXTRACTING,
        VERIFYING
    }

    /// @param subject a file or a host
    /// @param totalBytes -1 where unknown
    void progress(Phase phase, String subject, long doneBytes, long totalBytes);
}
