package io.llmserve.engine;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Brings pages from one engine to another within a process, on a thread of its own; can be told to give up.
final class PageCopy implements PageFiller {
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    private final EmbeddedEngine from;
    private final EmbeddedEngine to;
    private final String transferId;
    private final CountDownLatch allowed = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private int limit = Integer.MAX_VALUE;
    private @Nullable ServeException failure;
    private volatile boolean stopped;
    private final AtomicInteger copied = new AtomicInteger();
    private volatile int found;

    PageCopy(EmbeddedEngine from, EmbeddedEngine to, String transferId) {
        this.from = from;
        this.to = to;
        this.transferId = transferId;
    }

    /// Gives up after so many pages, and fails with `reason` if there is one.
    PageCopy upTo(int pages, @Nullable ServeException reason) {
        limit = pages;
        failure = reason;
        return this;
    }

    /// Nothing is copied before.
    PageCopy allow() {
        allowed.countDown();
        return this;
    }

    @Override
    public void fill(PageImport pages) {
        found = pages.first();
        Thread.ofVirtual().start(() -> run(pages));
    }

    @Override
    public void stop() {
        stopped = true;
        allowed.countDown();
    }

    boolean isStopped() {
        return stopped;
    }

    /// Pages copied until the end.
    int copied() throws InterruptedException {
        ended.await();
        return copied.get();
    }

    /// Pages that were there already.
    int found() {
        return found;
    }

    private void run(PageImport pages) {
        int filled = pages.first();
        try {
            allowed.await();
            filled = copy(pages);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } catch (ServeException e) {
            failure = failure == null ? null : e;
        } finally {
            pages.close(filled, failure);
            ended.countDown();
        }
    }

    private int copy(PageImport pages) throws InterruptedException {
        try (ExportedPrompt prompt =
                from.exports().await(transferId, PATIENCE_NANOS).orElseThrow(PageCopy::nothing)) {
            int block = pages.first();
            while (block < pages.end() && copied.get() < limit && !stopped) {
                int ready = prompt.awaitReady(block, PATIENCE_NANOS);
                for (; block < Math.min(ready, pages.end()) && copied.get() < limit; block++) {
                    if (!prompt.hash(block).equals(pages.hash(block))) {
                        throw new IllegalStateException("block %d is another".formatted(block));
                    }
                    page(to, pages.page(block)).copyFrom(page(from, prompt.page(block)));
                    copied.incrementAndGet();
                }
            }
            prompt.done();
            return block;
        }
    }

    private static ServeException nothing() {
        return new ServeException(Failure.UPSTREAM, "nothing is offered");
    }

    private static MemorySegment page(EmbeddedEngine engine, int page) {
        long bytes = engine.pageLayout().pageBytes();
        return engine.pageMemory().asSlice(page * bytes, bytes);
    }
}
