package io.llmserve.app;

import java.util.ArrayDeque;
import java.util.Deque;

/// Parts that are closed together, the last one first, whatever fails. Owned by one thread.
final class Owned implements AutoCloseable {
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();

    <T extends AutoCloseable> T own(T part) {
        parts.push(part);
        return part;
    }

    @Override
    public void close() {
        IllegalStateException failure = new IllegalStateException("not everything closed tidily");
        closeAfter(failure);
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }

    /// Closes what was made before `failure`, to which it adds what fails now.
    void closeAfter(Throwable failure) {
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception suppressed) {
                failure.addSuppressed(suppressed);
            }
        }
    }
}
