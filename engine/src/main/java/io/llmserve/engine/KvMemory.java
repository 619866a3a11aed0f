package io.llmserve.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The memory of one engine's pages. Memory that other processes or devices can read is allocated by whoever
/// knows how.
public interface KvMemory extends AutoCloseable {
    /// Called once. Fails (EXHAUSTED) or with [OutOfMemoryError] where there is not so much.
    MemorySegment allocate(long bytes, long alignment);

    /// Frees it. Nobody uses the pages any more.
    @Override
    void close();

    /// Memory of this process alone.
    static KvMemory ofProcess() {
        Arena arena = Arena.ofShared();
        return new KvMemory() {
            @Override
            public MemorySegment allocate(long bytes, long alignment) {
                return arena.allocate(bytes, alignment);
            }

            @Override
            public void close() {
                arena.close();
            }
        };
    }
}
