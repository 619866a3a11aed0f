package io.llmserve.engine;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// How many generations have been submitted and not started, within a limit. Safe from any thread.
final class WaitingQueue {
    private static final long MIN_RETRY_SECONDS = 1;
    private static final long MAX_RETRY_SECONDS = 60;

    private final int limit;
    private final AtomicInteger waiting = new AtomicInteger();
    /// How long the last ones waited, smoothed.
    private final AtomicLong waitNanos = new AtomicLong();

    WaitingQueue(int limit) {
        this.limit = limit;
    }

    int size() {
        return waiting.get();
    }

    /// Takes a place, or refuses (OVERLOADED); the hint when to come back is what the last ones had to wait.
    void enter() {
        int before = waiting.getAndUpdate(count -> count < limit ? count + 1 : count);
        if (before >= limit) {
            long seconds = Duration.ofNanos(waitNanos.get()).toSeconds();
            throw ServeException.overloaded(
                    "%d requests are waiting, at most %d may".formatted(before, limit),
                    Duration.ofSeconds(Math.clamp(seconds, MIN_RETRY_SECONDS, MAX_RETRY_SECONDS)));
        }
    }

    void leave(long waitedNanos) {
        waiting.decrementAndGet();
        waitNanos.updateAndGet(smoothed -> smoothed + (waitedNanos - smoothed) / 8);
    }

    static ServeException closed() {
        return new ServeException(Failure.UNAVAILABLE, "the engine is shutting down and takes no new requests");
    }
}
