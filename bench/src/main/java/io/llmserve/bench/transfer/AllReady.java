package io.llmserve.bench.transfer;

import io.llmserve.core.BlockHash;
import io.llmserve.transfer.Export;
import io.llmserve.transfer.link.Deadline;

/// The first pages of a page memory, all ready.
record AllReady(int pages, int pageBytes) implements Export {
    @Override
    public int awaitReady(int beyond, Deadline deadline) {
        return pages;
    }

    @Override
    public long pageOffset(int index) {
        return (long) index * pageBytes;
    }

    @Override
    public BlockHash blockHash(int index) {
        return new BlockHash(0, index);
    }

    @Override
    public void completed() {}

    @Override
    public void close() {}
}
