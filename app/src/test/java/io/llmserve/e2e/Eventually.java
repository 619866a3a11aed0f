package io.llmserve.e2e;

import java.time.Duration;

/// What becomes true in its own time, and must within minutes even where the machine is busy.
final class Eventually {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private Eventually() {}

    interface Condition {
        boolean holds() throws Exception;
    }

    static void holds(String what, Condition condition) throws Exception {
        holds(PATIENCE, what, condition);
    }

    static void holds(Duration patience, String what, Condition condition) throws Exception {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("never: " + what);
            }
            Thread.sleep(20);
        }
    }
}
