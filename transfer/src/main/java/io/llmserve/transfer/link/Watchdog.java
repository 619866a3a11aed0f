package io.llmserve.transfer.link;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Closes what outlives its deadline: the only way to end a blocking read or write of a socket in time.
/// One thread for all connections of a server or a client.
public final class Watchdog implements AutoCloseable {
    private static final Deadline NEVER = new Deadline(Long.MAX_VALUE);

    private final ScheduledThreadPoolExecutor timer;

    public Watchdog(String name) {
        timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().name(name).daemon().factory());
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    public Watch over(Link link) {
        return new Watch(link);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    /// One direction of one link; used by the thread that reads or writes it.
    public final class Watch {
        private final Link link;
        private Deadline deadline = NEVER;
        private long wakesAtNanos = Long.MAX_VALUE;
        private boolean bitten;

        private Watch(Link link) {
            this.link = link;
        }

        /// From now on the link is closed when `next` passes. Moving it to a later moment costs no timer.
        public synchronized void until(Deadline next) {
            deadline = next;
            if (!next.equals(NEVER) && (wakesAtNanos == Long.MAX_VALUE || next.atNanos() - wakesAtNanos < 0)) {
                wake(next);
            }
        }

        public void rest() {
            until(NEVER);
        }

        /// Whether the deadline passed and the link was closed for it.
        public synchronized boolean bitten() {
            return bitten;
        }

        private void wake(Deadline at) {
            wakesAtNanos = at.atNanos();
            if (!timer.isShutdown()) {
                var _ = timer.schedule(this::look, Math.max(0, at.remainingNanos()), TimeUnit.NANOSECONDS);
            }
        }

        private synchronized void look() {
            wakesAtNanos = Long.MAX_VALUE;
            if (deadline.equals(NEVER)) {
                return;
            }
            if (deadline.passed()) {
                bitten = true;
                link.close();
            } else {
                wake(deadline);
            }
        }
    }
}
