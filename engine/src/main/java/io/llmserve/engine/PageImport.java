package io.llmserve.engine;

import io.llmserve.core.BlockHash;
import io.llmserve.core.ServeException;
import org.jspecify.annotations.Nullable;

/// Pages of one prompt that are to be filled from outside while other sequences run. Block `i` is tokens
/// `[16 i, 16 i + 16)` of the prompt. Until it is closed, nobody else reads or writes them. Any thread.
public interface PageImport {
    /// The first block that is wanted; those before it were found here.
    int first();

    /// One more than the last block that is wanted. The tokens behind it are computed here, at least one.
    int end();

    /// Number of the page of a wanted block.
    int page(int block);

    /// Names what the page of a wanted block must hold.
    BlockHash hash(int block);

    /// Nobody writes to the pages any more; the sequence goes on. Blocks `[first, filled)` hold what they should;
    /// those behind are computed here.
    default void close(int filled) {
        close(filled, null);
    }

    /// As [#close(int)], but with a failure the generation ends with it. The first close counts.
    void close(int filled, @Nullable ServeException failure);
}
