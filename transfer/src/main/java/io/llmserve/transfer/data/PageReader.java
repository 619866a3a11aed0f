package io.llmserve.transfer.data;

import io.llmserve.transfer.link.Deadline;
import java.util.List;
import java.util.function.IntConsumer;

/// Brings the bytes of one transfer's pages from one peer. Used by one thread.
public interface PageReader extends AutoCloseable {
    /// Fills all pages of `batch` and calls `arrived` with each page's index once its bytes are in place,
    /// from any thread. Returns when all have arrived; throws
    /// [io.llmserve.transfer.link.TransferException] otherwise, and nothing writes into our pages after
    /// that.
    void read(List<PageRead> batch, IntConsumer arrived, Deadline deadline);

    /// Whether pages come with checksums of their own, which have been compared when `arrived` is called.
    default boolean checks() {
        return false;
    }

    @Override
    void close();
}
