package io.llmserve.transfer;

import io.llmserve.transfer.Message.ReadyPage;
import io.llmserve.transfer.data.PageRead;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/// The pages of one batch on their way. Data engines report each page from threads of their own; it is
/// checked there, and told to the sink one at a time.
final class Arrivals {
    private final Map<Integer, PageRead> missing = new ConcurrentHashMap<>();
    private final ReentrantLock sinkLock = new ReentrantLock();
    private final List<ReadyPage> announced;
    private final MemorySegment pages;
    private final int pageBytes;
    private final PageSink sink;
    private final Runnable afterEach;

    /// @param announced all pages announced so far, by index
    /// @param afterEach runs under the sink's lock
    Arrivals(
            List<PageRead> batch,
            List<ReadyPage> announced,
            MemorySegment pages,
            int pageBytes,
            PageSink sink,
            Runnable afterEach) {
        batch.forEach(page -> missing.put(page.index(), page));
        this.announced = announced;
        this.pages = pages;
        this.pageBytes = pageBytes;
        this.sink = sink;
        this.afterEach = afterEach;
    }

    /// What has not arrived, in order: an engine that fails leaves it to the next one.
    List<PageRead> missing() {
        return List.copyOf(new TreeMap<>(missing).values());
    }

    /// Compares the page with its announced checksum first.
    void unchecked(int index) {
        int expected = announced.get(index).checksum();
        int checksum = Checksum.of(pages.asSlice(page(index).localOffset(), pageBytes));
        if (checksum != expected) {
            throw new TransferException(
                    TransferFailure.CORRUPT,
                    "page %d has checksum %08x, announced was %08x".formatted(index, checksum, expected));
        }
        checked(index);
    }

    void checked(int index) {
        page(index);
        sinkLock.lock();
        try {
            sink.arrived(index, announced.get(index).hash());
            missing.remove(index);
            afterEach.run();
        } finally {
            sinkLock.unlock();
        }
    }

    private PageRead page(int index) {
        PageRead page = missing.get(index);
        if (page == null) {
            throw new IllegalStateException("page %d came twice or was not asked for".formatted(index));
        }
        return page;
    }
}
