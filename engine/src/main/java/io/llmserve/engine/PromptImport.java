package io.llmserve.engine;

import io.llmserve.core.BlockHash;
import io.llmserve.core.ServeException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Pages of one prompt on their way in. Made and settled by the step thread, filled and closed on another.
final class PromptImport implements PageImport {
    private final Sequence sequence;
    private final PageFiller filler;
    private final Consumer<Closed> onClose;
    private final int first;
    private final int[] pages;
    private final BlockHash[] hashes;
    private final AtomicBoolean closed = new AtomicBoolean();

    /// How an import ended.
    ///
    /// @param filled blocks, from the first of the prompt on, whose pages hold what they should
    record Closed(PromptImport source, int filled, @Nullable ServeException failure) {}

    /// @param onClose called once, on the filler's thread
    PromptImport(Sequence sequence, int first, int end, PageFiller filler, Consumer<Closed> onClose) {
        this.sequence = sequence;
        this.filler = filler;
        this.onClose = onClose;
        this.first = first;
        this.pages = new int[end - first];
        this.hashes = new BlockHash[end - first];
        for (int i = 0; i < pages.length; i++) {
            pages[i] = sequence.pages()[first + i];
            hashes[i] = sequence.hash(first + i);
        }
    }

    Sequence sequence() {
        return sequence;
    }

    PageFiller filler() {
        return filler;
    }

    /// Those that are set aside, in order.
    int[] pages() {
        return pages;
    }

    @Override
    public int first() {
        return first;
    }

    @Override
    public int end() {
        return first + pages.length;
    }

    @Override
    public int page(int block) {
        return pages[block - first];
    }

    @Override
    public BlockHash hash(int block) {
        return hashes[block - first];
    }

    @Override
    public void close(int filled, @Nullable ServeException failure) {
        if (!closed.getAndSet(true)) {
            onClose.accept(new Closed(this, Math.clamp(filled, first, end()), failure));
        }
    }
}
