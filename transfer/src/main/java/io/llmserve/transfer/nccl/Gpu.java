package io.llmserve.transfer.nccl;

import io.llmserve.transfer.link.Deadline;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// One GPU with NCCL, as far as the transfer of pages needs it; tests have one without a GPU. Failures are
/// [io.llmserve.transfer.link.TransferException]s: `DEADLINE`, `CANCELLED` (the thread was interrupted), and
/// `ENGINE` for all others.
interface Gpu {
    int ID_BYTES = 128;

    /// In words, for logs.
    String name();

    /// A new pair's id.
    byte[] newId();

    /// Joins the pair, and waits until the other rank has joined too.
    ///
    /// @param rank 0 gives, 1 takes
    /// @param stagingBytes the most that one gift has
    Pair join(byte[] id, int rank, long stagingBytes, Deadline deadline);

    /// This side of a pair; used by one thread at a time. Of no use after a failure, but to be closed.
    interface Pair extends AutoCloseable {
        /// From host memory to the other rank. Nothing touches the pages any more when this returns or throws.
        void give(List<MemorySegment> pages, Deadline deadline);

        /// What the other rank gives next, which must be as long, into host memory. Likewise.
        void take(List<MemorySegment> pages, Deadline deadline);

        @Override
        void close();
    }
}
