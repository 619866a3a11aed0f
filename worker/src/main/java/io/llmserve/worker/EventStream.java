package io.llmserve.worker;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A stream of events to a reader of any speed. The writer, on a virtual thread, waits while more bytes are on
/// their way than the limit allows, and gives up on a reader that takes nothing for too long.
final class EventStream {
    private final Exchange exchange;
    private final int limitBytes;
    private final Duration stall;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    private long pendingBytes;
    private long takenEvents;

    EventStream(Exchange exchange, WorkerOptions options) {
        this.exchange = exchange;
        this.limitBytes = options.limits().streamBufferBytes();
        this.stall = options.timeouts().stall();
        exchange.whenGone(this::wake);
    }

    boolean begin() {
        return exchange.beginStream();
    }

    /// Sends one event, after waiting for room. Throws TIMEOUT, after cutting the connection, when there is
    /// none.
    void send(byte[] event) throws InterruptedException {
        awaitRoom();
        lock.lock();
        try {
            pendingBytes += event.length;
        } finally {
            lock.unlock();
        }
        exchange.write(event, () -> taken(event.length));
    }

    void end() {
        exchange.endStream();
    }

    private void awaitRoom() throws InterruptedException {
        lock.lock();
        try {
            long left = stall.toNanos();
            long seen = takenEvents;
            while (pendingBytes >= limitBytes && !exchange.isGone()) {
                if (left <= 0) {
                    exchange.cut();
                    throw new ServeException(
                            Failure.TIMEOUT,
                            "The reader of %s took nothing for %s with %d bytes on their way."
                                    .formatted(exchange.requestId(), stall, pendingBytes));
                }
                left = moved.awaitNanos(left);
                if (seen != takenEvents) {
                    seen = takenEvents;
                    left = stall.toNanos();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void taken(int bytes) {
        lock.lock();
        try {
            pendingBytes -= bytes;
            takenEvents++;
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void wake() {
        lock.lock();
        try {
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
