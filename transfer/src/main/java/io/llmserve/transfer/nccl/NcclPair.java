package io.llmserve.transfer.nccl;

import io.llmserve.transfer.link.Deadline;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A pair by its id, joined when it is first needed. Used by one thread at a time.
final class NcclPair implements AutoCloseable {
    /// How long one step may take: less than a peer may be silent on the control connection.
    private static final Duration PATIENCE = Duration.ofSeconds(8);

    private final Gpu gpu;
    private final byte[] id;
    private final int rank;
    private final long stagingBytes;
    private Gpu.@Nullable Pair joined;

    NcclPair(Gpu gpu, byte[] id, int rank, long stagingBytes) {
        this.gpu = gpu;
        this.id = id;
        this.rank = rank;
        this.stagingBytes = stagingBytes;
    }

    byte[] id() {
        return id;
    }

    boolean isFresh() {
        return joined == null;
    }

    Gpu.Pair joined(Deadline deadline) {
        Gpu.Pair pair = joined;
        if (pair == null) {
            pair = gpu.join(id, rank, stagingBytes, deadline);
            joined = pair;
        }
        return pair;
    }

    static Deadline patience() {
        return Deadline.after(PATIENCE);
    }

    static Deadline patience(Deadline deadline) {
        return deadline.orEarlier(PATIENCE);
    }

    @Override
    public void close() {
        Gpu.Pair pair = joined;
        joined = null;
        if (pair != null) {
            pair.close();
        }
    }
}
