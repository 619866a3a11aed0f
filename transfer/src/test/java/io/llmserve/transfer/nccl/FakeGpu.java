package io.llmserve.transfer.nccl;

import io.llmserve.transfer.data.DataEngine;
import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A GPU of this process: what one side gives the other side takes, by way of a copy. It can fail.
public final class FakeGpu implements Gpu {
    /// Where pairs of both sides meet, by id.
    private static final Map<ByteBuffer, Wire> WIRES = new ConcurrentHashMap<>();

    private final SecureRandom random = new SecureRandom();
    private final AtomicInteger joins = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger gifts = new AtomicInteger(Integer.MAX_VALUE);
    private volatile boolean joining = true;

    private record Wire(CyclicBarrier both, SynchronousQueue<byte[]> gifts) {}

    /// The engine on this GPU.
    public DataEngine engine(MemorySegment pages) {
        return new NcclEngine(this, pages);
    }

    /// It breaks after so many gifts.
    public FakeGpu breaksAfter(int count) {
        gifts.set(count);
        return this;
    }

    /// Its pairs never come about.
    public FakeGpu joinsNobody() {
        joining = false;
        return this;
    }

    /// Pairs that were made.
    public int joins() {
        return joins.get();
    }

    /// Pairs that are not closed.
    public int open() {
        return open.get();
    }

    @Override
    public String name() {
        return "a fake GPU";
    }

    @Override
    public byte[] newId() {
        byte[] id = new byte[ID_BYTES];
        random.nextBytes(id);
        return id;
    }

    @Override
    public Gpu.Pair join(byte[] id, int rank, long stagingBytes, Deadline deadline) {
        if (!joining) {
            throw new TransferException(TransferFailure.ENGINE, "the GPU joins nobody");
        }
        Wire wire = WIRES.computeIfAbsent(
                ByteBuffer.wrap(id.clone()), _ -> new Wire(new CyclicBarrier(2), new SynchronousQueue<>()));
        try {
            wire.both().await(Math.max(0, deadline.remainingNanos()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | BrokenBarrierException e) {
            throw new TransferException(TransferFailure.DEADLINE, "the other side does not join", e);
        } catch (InterruptedException e) {
            throw cancelled();
        }
        joins.incrementAndGet();
        open.incrementAndGet();
        return new Side(wire, stagingBytes);
    }

    private static TransferException cancelled() {
        Thread.currentThread().interrupt();
        return new TransferException(TransferFailure.CANCELLED, "cancelled");
    }

    private final class Side implements Gpu.Pair {
        private final Wire wire;
        private final long stagingBytes;

        Side(Wire wire, long stagingBytes) {
            this.wire = wire;
            this.stagingBytes = stagingBytes;
        }

        @Override
        public void give(List<MemorySegment> pages, Deadline deadline) {
            if (gifts.getAndDecrement() <= 0) {
                throw new TransferException(TransferFailure.ENGINE, "the GPU is broken");
            }
            ByteBuffer staging = ByteBuffer.allocate(Math.toIntExact(total(pages)));
            pages.forEach(page -> staging.put(page.asByteBuffer()));
            try {
                if (!wire.gifts().offer(staging.array(), deadline.remainingNanos(), TimeUnit.NANOSECONDS)) {
                    throw new TransferException(TransferFailure.DEADLINE, "nobody takes");
                }
            } catch (InterruptedException e) {
                throw cancelled();
            }
        }

        @Override
        public void take(List<MemorySegment> pages, Deadline deadline) {
            try {
                byte @Nullable [] gift = wire.gifts().poll(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
                if (gift == null || gift.length != total(pages)) {
                    throw new TransferException(TransferFailure.DEADLINE, "nobody gives");
                }
                int at = 0;
                for (MemorySegment page : pages) {
                    MemorySegment.copy(gift, at, page, ValueLayout.JAVA_BYTE, 0, (int) page.byteSize());
                    at += (int) page.byteSize();
                }
            } catch (InterruptedException e) {
                throw cancelled();
            }
        }

        private long total(List<MemorySegment> pages) {
            long bytes = pages.stream().mapToLong(MemorySegment::byteSize).sum();
            if (bytes > stagingBytes) {
                throw new AssertionError("%d bytes in a staging buffer of %d".formatted(bytes, stagingBytes));
            }
            return bytes;
        }

        @Override
        public void close() {
            open.decrementAndGet();
        }
    }
}
