package io.llmserve.transfer;

import io.llmserve.core.BlockHash;

/// Where fetched pages go. Calls come one at a time, though not from one thread; each index comes once.
public interface PageSink {
    /// A page that the receiver has already.
    long SKIP = -1;

    /// Where in our page memory the page shall lie, in bytes, or [#SKIP]. May throw a
    /// [io.llmserve.core.ServeException] (no page left): the fetch then ends with it. Must not wait for
    /// long: the peer keeps its pages meanwhile. Comes in order of `index`.
    long offsetFor(int index, BlockHash hash);

    /// The page's bytes are in place and checked. In any order; not for skipped pages.
    void arrived(int index, BlockHash hash);

    /// Whether the pages are still wanted; asked now and then, at least twice within the idle timeout.
    /// Unlike an interrupt, a `false` lets the peer free its pages at once.
    default boolean wanted() {
        return true;
    }
}
