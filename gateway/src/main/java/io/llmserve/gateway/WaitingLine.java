package io.llmserve.gateway;

import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.SequencedSet;

/// A fixed number of places, and a bounded line, first come first served, of those who wait for one. Any thread
/// may call. Who has a place gives it back with [#leave].
final class WaitingLine<T> {
    enum Entry {
        ADMITTED,
        WAITING,
        FULL
    }

    private final int places;
    private final int maxWaiting;
    private final SequencedSet<T> waiting = new LinkedHashSet<>();
    private int taken;

    WaitingLine(int places, int maxWaiting) {
        this.places = places;
        this.maxWaiting = maxWaiting;
    }

    synchronized Entry enter(T who) {
        if (taken < places) {
            taken++;
            return Entry.ADMITTED;
        }
        if (waiting.size() >= maxWaiting) {
            return Entry.FULL;
        }
        waiting.add(who);
        return Entry.WAITING;
    }

    /// Gives a place back. Where somebody waits, it is the first one's from now on.
    synchronized Optional<T> leave() {
        if (waiting.isEmpty()) {
            taken--;
            return Optional.empty();
        }
        return Optional.of(waiting.removeFirst());
    }

    /// Leaves the line without a place. False: `who` does not wait (any more).
    synchronized boolean giveUp(T who) {
        return waiting.remove(who);
    }

    synchronized int taken() {
        return taken;
    }

    synchronized int waiting() {
        return waiting.size();
    }
}
