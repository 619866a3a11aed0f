package io.llmserve.transfer.link;

import java.time.Duration;

/// A moment of this process's monotonic clock, after which nobody waits any more. Sockets and native
/// libraries wait in real time, so there is no other clock here.
public record Deadline(long atNanos) implements Comparable<Deadline> {
    public static Deadline after(Duration span) {
        return new Deadline(System.nanoTime() + span.toNanos());
    }

    /// May be negative.
    public long remainingNanos() {
        return atNanos - System.nanoTime();
    }

    public boolean passed() {
        return remainingNanos() <= 0;
    }

    public Deadline orEarlier(Duration span) {
        Deadline other = after(span);
        return compareTo(other) <= 0 ? this : other;
    }

    @Override
    public int compareTo(Deadline other) {
        return Long.signum(atNanos - other.atNanos);
    }
}
