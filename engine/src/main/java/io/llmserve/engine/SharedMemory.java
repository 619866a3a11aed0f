package io.llmserve.engine;

import static io.llmserve.core.Checks.check;

import io.llmserve.tensor.ComputePool;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicInteger;

/// The memory of a model's weights and the threads that compute with them: freed when its last holder lets go.
final class SharedMemory {
    private final Arena arena = Arena.ofShared();
    private final ComputePool pool;
    private final AtomicInteger holders = new AtomicInteger(1);

    /// The caller is the first holder.
    SharedMemory(int threads) {
        this.pool = new ComputePool(threads);
    }

    Arena arena() {
        return arena;
    }

    ComputePool pool() {
        return pool;
    }

    /// One more holder; not after the last one has let go.
    void retain() {
        int before = holders.getAndUpdate(count -> count == 0 ? 0 : count + 1);
        check(before > 0, "the weights are closed");
    }

    void release() {
        if (holders.decrementAndGet() == 0) {
            pool.close();
            arena.close();
        }
    }
}
