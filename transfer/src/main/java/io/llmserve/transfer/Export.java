package io.llmserve.transfer;

import io.llmserve.core.BlockHash;
import io.llmserve.transfer.link.Deadline;

/// The pages of one prompt, as one fetch sees them: they become ready in order while the prefill runs.
/// Made by the owner of the pages for each fetch; called by the threads of that fetch only. Ready pages
/// stay as they are until [#close()].
public interface Export extends AutoCloseable {
    /// Full pages of the prompt, ready or not.
    int pages();

    /// Waits until more than `beyond` pages are ready, or `deadline` has passed; how many are ready now.
    /// Throws [io.llmserve.core.ServeException] when the prefill failed: there will be no more.
    int awaitReady(int beyond, Deadline deadline) throws InterruptedException;

    /// Where a ready page begins in the page memory, in bytes.
    long pageOffset(int index);

    BlockHash blockHash(int index);

    /// The receiver has all it wants, or gave up for good: the lease ends now. Comes at most once, before
    /// [#close()].
    void completed();

    /// This fetch has ended, whole or not. If it did not complete, another may come within the lease.
    @Override
    void close();
}
