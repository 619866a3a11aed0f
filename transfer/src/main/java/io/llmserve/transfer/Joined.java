package io.llmserve.transfer;

/// Waits for threads that must have ended before memory changes hands, whatever interrupts us meanwhile.
final class Joined {
    private Joined() {}

    /// Returns when `thread` has ended. An interrupt is kept for later and made known by `onInterrupt`,
    /// once each time.
    static void with(Thread thread, Runnable onInterrupt) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
                onInterrupt.run();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    static void with(Thread thread) {
        with(thread, () -> {});
    }
}
