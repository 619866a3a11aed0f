package io.llmserve.transfer;

import io.llmserve.transfer.data.PageRead;
import io.llmserve.transfer.data.PageReader;
import io.llmserve.transfer.link.Deadline;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reads pages over several TCP connections, which are made when a batch first needs them. Each
/// connection has a thread of its own while a batch runs and takes pages from one queue, so that a slow
/// one holds up no other. We ask for no more than we have room for: that is the back-pressure.
final class TcpReader implements PageReader {
    /// A connection is worth its while from this many bytes on.
    private static final long BYTES_PER_STREAM = 2 << 20;

    private final MemorySegment pages;
    private final int pageBytes;
    private final int maxStreams;
    private final Supplier<TcpLane> connector;
    private final Consumer<TcpLane> released;
    private final List<TcpLane> lanes = new ArrayList<>();
    private volatile boolean failed;

    /// @param connector gives a connection that serves this transfer
    /// @param released takes those that are not needed any more
    TcpReader(
            MemorySegment pages,
            int pageBytes,
            int maxStreams,
            Supplier<TcpLane> connector,
            Consumer<TcpLane> released) {
        this.pages = pages;
        this.pageBytes = pageBytes;
        this.maxStreams = maxStreams;
        this.connector = connector;
        this.released = released;
    }

    @Override
    public void read(List<PageRead> batch, IntConsumer arrived, Deadline deadline) {
        ConcurrentLinkedQueue<PageRead> queue = new ConcurrentLinkedQueue<>(batch);
        int wanted = Math.clamp((long) batch.size() * pageBytes / BYTES_PER_STREAM, 1, maxStreams);
        while (lanes.size() < wanted) {
            lanes.add(connector.get());
        }
        AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
        if (wanted == 1 && (long) batch.size() * pageBytes < BYTES_PER_STREAM) {
            carry(lanes.getFirst(), queue, arrived, deadline, failure);
        } else {
            // Nobody may write into our pages when we have returned; closed lanes end at once.
            lanes.subList(0, wanted).stream()
                    .map(lane -> Thread.ofPlatform()
                            .name("kv-lane")
                            .daemon()
                            .start(() -> carry(lane, queue, arrived, deadline, failure)))
                    .toList()
                    .forEach(thread -> Joined.with(thread, this::abort));
        }
        RuntimeException first = failure.get();
        if (first != null) {
            throw first;
        }
    }

    private void carry(
            TcpLane lane,
            ConcurrentLinkedQueue<PageRead> queue,
            IntConsumer arrived,
            Deadline deadline,
            AtomicReference<@Nullable RuntimeException> failure) {
        try {
            lane.carry(queue, pages, pageBytes, arrived, deadline);
        } catch (RuntimeException e) {
            if (failure.compareAndSet(null, e)) {
                queue.clear();
                abort();
            }
        }
    }

    @Override
    public boolean checks() {
        return true;
    }

    private void abort() {
        failed = true;
        lanes.forEach(TcpLane::close);
    }

    @Override
    public void close() {
        if (!failed) {
            lanes.forEach(released);
        }
        lanes.clear();
    }
}
