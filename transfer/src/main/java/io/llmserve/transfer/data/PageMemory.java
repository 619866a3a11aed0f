package io.llmserve.transfer.data;

import static io.llmserve.core.Checks.check;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The memory in which all KV pages of an engine lie. Whoever makes it closes it, after everything that
/// uses it.
public final class PageMemory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PageMemory.class);
    private static final long ALIGNMENT = 4096;

    private final MemorySegment segment;
    private final Arena arena;
    private final Optional<SharedFile> file;
    private final String unshared;

    private PageMemory(MemorySegment segment, Arena arena, Optional<SharedFile> file, String unshared) {
        this.segment = segment;
        this.arena = arena;
        this.file = file;
        this.unshared = unshared;
    }

    /// Memory that other processes of this user and host can read, where the system has such; else of this
    /// process alone. All of it is taken at once.
    public static PageMemory allocate(long bytes) {
        return allocate(bytes, SharedFile.FOLDER);
    }

    static PageMemory allocate(long bytes, Path folder) {
        check(bytes > 0, "page memory must have bytes, got %d", bytes);
        Arena arena = Arena.ofShared();
        try {
            SharedFile file = SharedFile.create(folder, bytes);
            try {
                return new PageMemory(file.map(arena), arena, Optional.of(file), "");
            } catch (IOException | RuntimeException e) {
                file.delete();
                throw e;
            }
        } catch (IOException e) {
            arena.close();
            String reason = "no shared memory of %d MB in %s: %s".formatted(bytes >> 20, folder, e.getMessage());
            LOG.info("{}", reason);
            return ofProcess(bytes, reason);
        }
    }

    /// Memory of this process alone.
    public static PageMemory ofProcess(long bytes) {
        return ofProcess(bytes, "the pages are in private memory");
    }

    private static PageMemory ofProcess(long bytes, String reason) {
        check(bytes > 0, "page memory must have bytes, got %d", bytes);
        Arena arena = Arena.ofShared();
        return new PageMemory(arena.allocate(bytes, ALIGNMENT), arena, Optional.empty(), reason);
    }

    public MemorySegment segment() {
        return segment;
    }

    Optional<SharedFile> file() {
        return file;
    }

    /// Why there is no [#file()].
    String unshared() {
        return unshared;
    }

    @Override
    public void close() {
        arena.close();
        file.ifPresent(SharedFile::delete);
    }
}
