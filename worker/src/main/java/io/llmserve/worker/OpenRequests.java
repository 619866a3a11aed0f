package io.llmserve.worker;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Counts the requests that hold generations, bounds them, and lets one wait for the last.
final class OpenRequests {
    private final int limit;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition fewer = lock.newCondition();
    private int open;
    private boolean draining;

    OpenRequests(int limit) {
        this.limit = limit;
    }

    /// Throws OVERLOADED or UNAVAILABLE; otherwise [#leave] must follow.
    void enter() {
        lock.lock();
        try {
            if (draining) {
                throw new ServeException(Failure.UNAVAILABLE, "This worker is draining and takes no new requests.");
            }
            if (open >= limit) {
                throw ServeException.overloaded(
                        "This worker answers %d requests at once and has %d; try again.".formatted(limit, open),
                        Duration.ofSeconds(1));
            }
            open++;
        } finally {
            lock.unlock();
        }
    }

    void leave() {
        lock.lock();
        try {
            open--;
            fewer.signalAll();
        } finally {
            lock.unlock();
        }
    }

    int count() {
        lock.lock();
        try {
            return open;
        } finally {
            lock.unlock();
        }
    }

    boolean isDraining() {
        lock.lock();
        try {
            return draining;
        } finally {
            lock.unlock();
        }
    }

    /// From now on nothing enters.
    void drain() {
        lock.lock();
        try {
            draining = true;
        } finally {
            lock.unlock();
        }
    }

    /// Whether all have left within this time.
    boolean awaitNone(Duration timeout) throws InterruptedException {
        long left = timeout.toNanos();
        lock.lock();
        try {
            while (open > 0 && left > 0) {
                left = fewer.awaitNanos(left);
            }
            return open == 0;
        } finally {
            lock.unlock();
        }
    }
}
