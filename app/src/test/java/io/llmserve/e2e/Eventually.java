package io.llmserve.e2e;

import java.util.concurrent.TimeUnit;

/// What becomes true in its own time, and must within minutes even where the machine is busy.
final class Eventually {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(180);

    private Eventually() {}

    interface Condition {
        boolean holds() throws Exception;
    }

    static void holds(String what, Condition condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.holds()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("never: " + what);
            }
            Thread.sleep(20);
        }
    }
}
