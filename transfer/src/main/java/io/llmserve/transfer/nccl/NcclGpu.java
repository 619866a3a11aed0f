package io.llmserve.transfer.nccl;

import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// The first GPU that CUDA shows this process (`CUDA_VISIBLE_DEVICES` chooses another), with NCCL. Nothing
/// blocks in native code: each wait asks again and again, with a deadline, and ends in `ncclCommAbort`.
final class NcclGpu implements Gpu {
    private static final int DEVICE = 0;
    private static final long NAP_NANOS = 20_000;
    private static final Duration END_PATIENCE = Duration.ofSeconds(10);

    private final NcclLibrary nccl;
    private final CudaRuntime cuda;

    private NcclGpu(NcclLibrary nccl, CudaRuntime cuda) {
        this.nccl = nccl;
        this.cuda = cuda;
    }

    /// Throws [TransferException] of kind `ENGINE` where there is no GPU.
    static NcclGpu open(NcclLibrary nccl, CudaRuntime cuda) {
        int _ = cuda.devices();
        return new NcclGpu(nccl, cuda);
    }

    @Override
    public String name() {
        return "NCCL %d on GPU %d of %d".formatted(nccl.version(), DEVICE, cuda.devices());
    }

    @Override
    public byte[] newId() {
        return nccl.newId();
    }

    @Override
    public Gpu.Pair join(byte[] id, int rank, long stagingBytes, Deadline deadline) {
        cuda.use(DEVICE);
        long staging = cuda.allocate(stagingBytes);
        long stream;
        try {
            stream = cuda.createStream();
        } catch (TransferException e) {
            cuda.free(staging);
            throw e;
        }
        long communicator;
        try {
            communicator = nccl.begin(id, rank);
        } catch (TransferException e) {
            cuda.destroyStream(stream);
            cuda.free(staging);
            throw e;
        }
        Joined pair = new Joined(communicator, 1 - rank, stream, staging, stagingBytes);
        try {
            pair.await(deadline, "the other side does not join the pair");
        } catch (TransferException e) {
            pair.close();
            throw e;
        }
        return pair;
    }

    private final class Joined implements Gpu.Pair {
        private final long communicator;
        private final int other;
        private final long stream;
        private final long staging;
        private final long stagingBytes;
        private boolean aborted;

        Joined(long communicator, int other, long stream, long staging, long stagingBytes) {
            this.communicator = communicator;
            this.other = other;
            this.stream = stream;
            this.staging = staging;
            this.stagingBytes = stagingBytes;
        }

        @Override
        public void give(List<MemorySegment> pages, Deadline deadline) {
            cuda.use(DEVICE);
            try {
                long bytes = total(pages);
                long at = staging;
                for (MemorySegment page : pages) {
                    cuda.toDevice(at, page, stream);
                    at += page.byteSize();
                }
                nccl.send(staging, bytes, other, communicator, stream);
                await(deadline, "the other side does not take");
            } catch (TransferException e) {
                abort();
                throw e;
            }
        }

        @Override
        public void take(List<MemorySegment> pages, Deadline deadline) {
            cuda.use(DEVICE);
            try {
                nccl.receive(staging, total(pages), other, communicator, stream);
                await(deadline, "the other side does not give");
                long at = staging;
                for (MemorySegment page : pages) {
                    cuda.toHost(page, at, stream);
                    at += page.byteSize();
                }
                await(deadline, "the GPU does not copy");
            } catch (TransferException e) {
                abort();
                throw e;
            }
        }

        private long total(List<MemorySegment> pages) {
            long bytes = pages.stream().mapToLong(MemorySegment::byteSize).sum();
            if (bytes > stagingBytes) {
                throw new TransferException(
                        TransferFailure.ENGINE, "%d bytes at once, %d fit".formatted(bytes, stagingBytes));
            }
            return bytes;
        }

        /// Until NCCL and the stream have done all; NCCL first, as it puts its work into the stream.
        private void await(Deadline deadline, String otherwise) {
            while (nccl.inProgress(communicator) || !cuda.isDone(stream)) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new TransferException(TransferFailure.CANCELLED, "NCCL: cancelled");
                }
                if (deadline.passed()) {
                    throw new TransferException(TransferFailure.DEADLINE, "NCCL: " + otherwise);
                }
                LockSupport.parkNanos(NAP_NANOS);
            }
        }

        /// Nothing may touch a page afterwards, so this waits until the stream is at rest.
        private void abort() {
            if (aborted) {
                return;
            }
            aborted = true;
            nccl.abort(communicator);
            Deadline patience = Deadline.after(END_PATIENCE);
            while (!isAtRest()) {
                if (patience.passed()) {
                    throw new IllegalStateException(
                            "the GPU does not end a transfer, %s after it was aborted".formatted(END_PATIENCE));
                }
                LockSupport.parkNanos(NAP_NANOS);
            }
        }

        private boolean isAtRest() {
            try {
                return cuda.isDone(stream);
            } catch (TransferException e) {
                return true; // a stream that failed does nothing any more
            }
        }

        @Override
        public void close() {
            cuda.use(DEVICE);
            abort();
            cuda.destroyStream(stream);
            cuda.free(staging);
        }
    }
}
