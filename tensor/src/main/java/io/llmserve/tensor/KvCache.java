package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

import java.lang.foreign.MemorySegment;

/// All KV pages of an engine, one after the other. Who uses which page is the engine's business; a page need
/// not be cleared when it changes hands.
public record KvCache(KvLayout layout, MemorySegment memory) {
    public KvCache {
        check(
                memory.byteSize() % layout.pageBytes() == 0,
                "%d bytes are not whole pages of %d",
                memory.byteSize(),
                layout.pageBytes());
    }

    public int pages() {
        return Math.toIntExact(memory.byteSize() / layout.pageBytes());
    }

    /// The bytes of one page.
    public MemorySegment page(int page) {
        return memory.asSlice(page * layout.pageBytes(), layout.pageBytes());
    }

    long keyOffset(int page, int layer, int kvHead) {
        return page * layout.pageBytes() + layout.keyOffset(layer, kvHead);
    }

    long valueOffset(int page, int layer, int kvHead) {
        return page * layout.pageBytes() + layout.valueOffset(layer, kvHead);
    }
}
