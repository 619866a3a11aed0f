package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A fixed set of threads that run one region of parallel tasks at a time; the calling thread is one of them.
/// Between regions the threads spin for a short while, as the next region mostly comes at once, then park, so
/// that an idle pool costs nothing. Callers from several threads take turns. A region may not start another.
///
/// `state` packs (region, tasks, next task) into one word, so that a claim that succeeds proves that its region
/// is still open; a thread that comes late finds nothing to claim and delays nobody.
public final class ComputePool implements AutoCloseable {
    /// The most tasks of a region.
    public static final int MAX_TASKS = (1 << 20) - 1;

    private static final long SPIN_NANOS = 100_000;
    private static final int SPINS_PER_CLOCK = 64;

    /// A task of a region, by its index.
    @FunctionalInterface
    public interface Task {
        void run(int index);
    }

    private final AtomicLong state = new AtomicLong();
    private final AtomicInteger finished = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final AtomicInteger parked = new AtomicInteger();
    private final Thread[] helpers;
    private volatile boolean closed;
    private Task body = index -> {};

    /// @param threads how many threads work, the caller included
    public ComputePool(int threads) {
        check(threads >= 1 && threads <= 1024, "a compute pool needs 1 to 1024 threads, got %d", threads);
        helpers = new Thread[threads - 1];
        for (int i = 0; i < helpers.length; i++) {
            helpers[i] = Thread.ofPlatform().daemon().name("compute-" + (i + 1)).unstarted(this::work);
        }
        for (Thread helper : helpers) {
            helper.start();
        }
    }

    public int threads() {
        return helpers.length + 1;
    }

    /// Runs `task.run(0 .. tasks - 1)`, each once, and returns when all have ended. What the tasks wrote is
    /// visible to the caller. The first exception of a task is thrown; the other tasks run all the same.
    public synchronized void parallel(int tasks, Task task) {
        check(tasks >= 0 && tasks <= MAX_TASKS, "a region has 0 to %d tasks, got %d", MAX_TASKS, tasks);
        if (tasks <= 1 || helpers.length == 0) {
            for (int i = 0; i < tasks; i++) {
                task.run(i);
            }
            return;
        }
        check(!closed, "the compute pool is closed");
        body = task;
        finished.setPlain(0);
        long region = (state.getPlain() >>> 40) + 1;
        state.set(region << 40 | (long) tasks << 20);
        wake();
        claimTasks();
        awaitFinished(tasks);
        Throwable thrown = failure.getPlain();
        if (thrown != null) {
            failure.set(null);
            rethrow(thrown);
        }
    }

    private static void rethrow(Throwable thrown) {
        switch (thrown) {
            case RuntimeException exception -> throw exception;
            case Error error -> throw error;
            default -> throw new IllegalStateException("a task threw a checked exception", thrown);
        }
    }

    private void wake() {
        if (parked.get() > 0) {
            for (Thread helper : helpers) {
                LockSupport.unpark(helper);
            }
        }
    }

    private void claimTasks() {
        while (true) {
            long seen = state.get();
            int next = (int) seen & MAX_TASKS;
            if (next >= (int) (seen >>> 20 & MAX_TASKS)) {
                return;
            }
            if (state.compareAndSet(seen, seen + 1)) {
                runTask(next);
            }
        }
    }

    @SuppressWarnings("CatchingUnchecked")
    private void runTask(int index) {
        try {
            body.run(index);
        } catch (Throwable thrown) {
            failure.compareAndSet(null, thrown);
        } finally {
            finished.incrementAndGet();
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // more threads than cores: let the others end
    private void awaitFinished(int tasks) {
        for (int spins = 1; finished.get() < tasks; spins++) {
            if (spins % 4096 == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    private void work() {
        long seen = 0;
        while (!closed) {
            long now = state.get();
            if (now >>> 40 != seen >>> 40) {
                seen = now;
                claimTasks();
            } else {
                awaitRegion(seen >>> 40);
            }
        }
    }

    private void awaitRegion(long region) {
        long start = System.nanoTime();
        for (int spins = 1; state.get() >>> 40 == region && !closed; spins++) {
            Thread.onSpinWait();
            if (spins % SPINS_PER_CLOCK == 0 && System.nanoTime() - start > SPIN_NANOS) {
                park(region);
                return;
            }
        }
    }

    private void park(long region) {
        parked.incrementAndGet();
        try {
            while (state.get() >>> 40 == region && !closed) {
                LockSupport.park(this);
            }
        } finally {
            parked.decrementAndGet();
        }
    }

    /// Ends the threads and waits for them.
    @Override
    public synchronized void close() {
        closed = true;
        boolean interrupted = false;
        for (Thread helper : helpers) {
            LockSupport.unpark(helper);
            while (helper.isAlive()) {
                try {
                    helper.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
