package io.llmserve.transfer;

import io.llmserve.core.BlockHash;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;

/// A decode worker's free pages: page `i` of a transfer goes to `offsets[i]`.
final class FakeSink implements PageSink {
    private final long[] offsets;
    private final Set<Integer> skipped;
    private final TreeMap<Integer, BlockHash> arrived = new TreeMap<>();
    private final CountDownLatch first = new CountDownLatch(1);
    private volatile boolean wanted = true;

    FakeSink(long... offsets) {
        this(Set.of(), offsets);
    }

    FakeSink(Set<Integer> skipped, long... offsets) {
        this.skipped = skipped;
        this.offsets = offsets;
    }

    @Override
    public long offsetFor(int index, BlockHash hash) {
        if (index >= offsets.length) {
            throw new ServeException(Failure.UNAVAILABLE, "no page left for page %d".formatted(index));
        }
        return skipped.contains(index) ? SKIP : offsets[index];
    }

    @Override
    public synchronized void arrived(int index, BlockHash hash) {
        if (arrived.put(index, hash) != null) {
            throw new AssertionError("page %d came twice".formatted(index));
        }
        first.countDown();
    }

    @Override
    public boolean wanted() {
        return wanted;
    }

    void wantNoMore() {
        wanted = false;
    }

    void awaitFirst() throws InterruptedException {
        first.await();
    }

    synchronized Map<Integer, BlockHash> arrived() {
        return new TreeMap<>(arrived);
    }
}
