package io.llmserve.engine;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.BlockHash;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The pages of one prompt on their way out. The step thread adds pages and frees them; readers wait for them on
/// threads of their own.
final class PromptExport {
    private final String id;
    private final Consumer<PromptExport> onReaderLeft;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /// All below is guarded by `lock`.
    private final int[] pages;
    private final BlockHash[] hashes;
    private int ready;
    private int readers;
    private boolean computed;
    private boolean done;
    private @Nullable ServeException failure;
    private long leaseEndNanos = Long.MAX_VALUE;
    private boolean freed;

    /// @param pages of the prompt that another engine can use
    /// @param onReaderLeft called on the reader's thread
    PromptExport(String id, int pages, Consumer<PromptExport> onReaderLeft) {
        this.id = id;
        this.pages = new int[pages];
        this.hashes = new BlockHash[pages];
        this.onReaderLeft = onReaderLeft;
    }

    String id() {
        return id;
    }

    /// Empty once the pages are about to be free.
    @Nullable
    ExportedPrompt open() {
        lock.lock();
        try {
            if (done || freed || failure != null) {
                return null;
            }
            readers++;
            leaseEndNanos = Long.MAX_VALUE;
            return new Reader();
        } finally {
            lock.unlock();
        }
    }

    int ready() {
        lock.lock();
        try {
            return ready;
        } finally {
            lock.unlock();
        }
    }

    /// Whether another page would be of use.
    boolean isGrowing() {
        lock.lock();
        try {
            return !done && failure == null && ready < pages.length;
        } finally {
            lock.unlock();
        }
    }

    void add(int page, BlockHash hash) {
        lock.lock();
        try {
            pages[ready] = page;
            hashes[ready] = hash;
            ready++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// The prompt's generation has come to a good end.
    void complete() {
        lock.lock();
        try {
            computed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Nobody waits for these pages any more.
    void release() {
        lock.lock();
        try {
            done = true;
        } finally {
            lock.unlock();
        }
    }

    /// No page will be added; readers learn why.
    void fail(ServeException reason) {
        lock.lock();
        try {
            failure = reason;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Whether the time of those whom nobody reads is over. Begins the lease where it has not begun.
    boolean isExpired(long nowNanos, long leaseNanos) {
        lock.lock();
        try {
            if (computed && readers == 0 && leaseEndNanos == Long.MAX_VALUE) {
                leaseEndNanos = nowNanos + leaseNanos;
            }
            return leaseEndNanos != Long.MAX_VALUE && leaseEndNanos - nowNanos <= 0;
        } finally {
            lock.unlock();
        }
    }

    /// The pages to be freed now; empty while somebody reads or will read.
    int[] takePages() {
        lock.lock();
        try {
            if (freed || readers > 0 || !(done || failure != null)) {
                return new int[0];
            }
            freed = true;
            return Arrays.copyOf(pages, ready);
        } finally {
            lock.unlock();
        }
    }

    boolean isFreed() {
        lock.lock();
        try {
            return freed;
        } finally {
            lock.unlock();
        }
    }

    private final class Reader implements ExportedPrompt {
        private final AtomicBoolean closed = new AtomicBoolean();

        @Override
        public int pages() {
            return pages.length;
        }

        @Override
        public int awaitReady(int beyond, long nanos) throws InterruptedException {
            lock.lock();
            try {
                long left = nanos;
                while (ready <= beyond && ready < pages.length && left > 0) {
                    rejectDead();
                    left = changed.awaitNanos(left);
                }
                rejectDead();
                return ready;
            } finally {
                lock.unlock();
            }
        }

        private void rejectDead() {
            ServeException reason = failure;
            if (reason != null) {
                throw new ServeException(
                        reason.failure(),
                        "the prompt of %s was given up with %d of %d pages computed: %s"
                                .formatted(id, ready, pages.length, reason.messageText()),
                        reason);
            }
            if (computed && ready < pages.length) {
                throw new ServeException(
                        Failure.INTERNAL,
                        "the prompt of %s ended with %d of %d pages computed".formatted(id, ready, pages.length));
            }
        }

        @Override
        public int page(int index) {
            lock.lock();
            try {
                check(index < ready, "page %d of %s is not ready; %d are", index, id, ready);
                return pages[index];
            } finally {
                lock.unlock();
            }
        }

        @Override
        public BlockHash hash(int index) {
            lock.lock();
            try {
                check(index < ready, "page %d of %s is not ready; %d are", index, id, ready);
                return hashes[index];
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void done() {
            release();
        }

        @Override
        public void close() {
            if (closed.getAndSet(true)) {
                return;
            }
            lock.lock();
            try {
                readers--;
            } finally {
                lock.unlock();
            }
            onReaderLeft.accept(PromptExport.this);
        }
    }
}
