package io.llmserve.worker.kv;

import io.llmserve.core.BlockHash;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.engine.PageImport;
import io.llmserve.transfer.PageSink;
import java.util.BitSet;
import java.util.function.BooleanSupplier;

/// Puts the pages that come into those that the engine has set aside, and refuses those of another prompt.
final class ArrivingPages implements PageSink {
    private final PageImport pages;
    private final long pageBytes;
    private final BooleanSupplier wanted;
    /// By block, from the first wanted one on. Guarded by itself.
    private final BitSet arrived = new BitSet();

    ArrivingPages(PageImport pages, long pageBytes, BooleanSupplier wanted) {
        this.pages = pages;
        this.pageBytes = pageBytes;
        this.wanted = wanted;
    }

    @Override
    public long offsetFor(int index, BlockHash hash) {
        if (index < pages.first() || index >= pages.end()) {
            return SKIP;
        }
        BlockHash expected = pages.hash(index);
        if (!hash.equals(expected)) {
            throw new ServeException(
                    Failure.UPSTREAM,
                    "block %d of the prompt is %s there and %s here".formatted(index, hash, expected));
        }
        return pages.page(index) * pageBytes;
    }

    @Override
    public void arrived(int index, BlockHash hash) {
        synchronized (arrived) {
            arrived.set(index - pages.first());
        }
    }

    @Override
    public boolean wanted() {
        return wanted.getAsBoolean();
    }

    /// One more than the last block without a gap before it.
    int filled() {
        synchronized (arrived) {
            return pages.first() + arrived.nextClearBit(0);
        }
    }
}
