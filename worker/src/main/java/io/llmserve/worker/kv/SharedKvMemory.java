package io.llmserve.worker.kv;

import io.llmserve.engine.KvMemory;
import io.llmserve.transfer.data.PageMemory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// An engine's pages in memory that transfers can reach.
public final class SharedKvMemory implements KvMemory {
    private @Nullable PageMemory memory;

    /// At least as strictly aligned as asked for.
    @Override
    public MemorySegment allocate(long bytes, long alignment) {
        memory = PageMemory.allocate(bytes);
        return memory.segment();
    }

    PageMemory pages() {
        if (memory == null) {
            throw new IllegalStateException("the engine has not allocated its pages");
        }
        return memory;
    }

    @Override
    public void close() {
        if (memory != null) {
            memory.close();
        }
    }
}
