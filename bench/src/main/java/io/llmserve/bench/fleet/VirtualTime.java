package io.llmserve.bench.fleet;

import java.util.PriorityQueue;

/// What is going to happen, in the order in which it does; what happens at one moment, in the order in which
/// it was planned. Seconds.
final class VirtualTime {
    private record Event(double time, long serial, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Double.compare(time, other.time);
            return byTime != 0 ? byTime : Long.compare(serial, other.serial);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private double now;
    private long serial;

    double now() {
        return now;
    }

    void at(double time, Runnable action) {
        events.add(new Event(Math.max(now, time), serial++, action));
    }

    void after(double seconds, Runnable action) {
        at(now + seconds, action);
    }

    /// Whether anything was left to happen.
    boolean next() {
        Event event = events.poll();
        if (event == null) {
            return false;
        }
        now = event.time();
        event.action().run();
        return true;
    }
}
