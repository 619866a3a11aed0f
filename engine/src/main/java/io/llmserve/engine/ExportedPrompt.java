package io.llmserve.engine;

import io.llmserve.core.BlockHash;

/// One reader's hold on the pages of one prompt: until it is closed they stay as they are. Any thread.
public interface ExportedPrompt extends AutoCloseable {
    /// Full pages of the prompt that another engine can use. Its last token is never among them: whoever
    /// samples computes it.
    int pages();

    /// How many pages are computed, from the first on. Waits until they are more than `beyond` or all; returns
    /// what there is when the time is over. Fails (UNAVAILABLE) where the prompt will never be computed.
    ///
    /// @param nanos how long to wait at most
    int awaitReady(int beyond, long nanos) throws InterruptedException;

    /// Number of a page that is ready.
    int page(int index);

    /// Names what a page that is ready holds.
    BlockHash hash(int index);

    /// Nobody needs the pages any more: they are free when this is closed.
    void done();

    @Override
    void close();
}
