package io.llmserve.models.fetch;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/// A body whose read ends with an IOException when the server sends nothing for `stallLimit`: the JDK's client has a
/// time limit for a response's headers only. A virtual thread watches until the stream is closed.
final class WatchedStream extends FilterInputStream {
    private final Duration stallLimit;
    private final Thread watch;
    private volatile long readSinceNanos;
    private volatile boolean reading;
    private volatile boolean stalled;

    WatchedStream(InputStream body, Duration stallLimit) {
        super(body);
        this.stallLimit = stallLimit;
        this.watch = Thread.ofVirtual().name("llmserve-stall-watch").start(this::watch);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        readSinceNanos = System.nanoTime();
        reading = true;
        try {
            int count = super.read(buffer, offset, length);
            if (stalled) {
                throw new IOException("nothing came for " + stallLimit.toSeconds() + " s");
            }
            return count;
        } catch (IOException e) {
            throw stalled ? new IOException("nothing came for " + stallLimit.toSeconds() + " s", e) : e;
        } finally {
            reading = false;
        }
    }

    @Override
    public void close() throws IOException {
        watch.interrupt();
        super.close();
    }

    private void watch() {
        long limitNanos = stallLimit.toNanos();
        try {
            while (true) {
                Thread.sleep(Duration.ofNanos(Math.max(1_000_000, limitNanos / 8)));
                if (reading && System.nanoTime() - readSinceNanos > limitNanos) {
                    stalled = true;
                    super.close();
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
