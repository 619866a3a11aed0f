package io.llmserve.app;

import io.llmserve.models.PullListener;

/// Shows how a model is being fetched.
final class PullProgress implements PullListener {
    private final ProgressLine progress;
    private Phase shown = Phase.WAITING;
    private boolean started;

    PullProgress(ProgressLine progress) {
        this.progress = progress;
    }

    @Override
    public void progress(Phase phase, String subject, long doneBytes, long totalBytes) {
        if (!started || phase != shown) {
            started = true;
            shown = phase;
            if (phase == Phase.WAITING) {
                progress.announce(words(phase, subject));
            } else {
                progress.begin(words(phase, subject));
            }
        }
        if (totalBytes > 0) {
            progress.update(doneBytes, totalBytes, true);
        }
    }

    private static String words(Phase phase, String subject) {
        return switch (phase) {
            case WAITING -> "Waiting for another process that fetches " + subject;
            case RESOLVING -> "Asking " + subject;
            case DOWNLOADING -> "Downloading " + subject;
            case EXTRACTING -> "Extracting " + subject;
            case VERIFYING -> "Verifying " + subject;
        };
    }
}
