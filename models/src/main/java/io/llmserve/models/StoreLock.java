package io.llmserve.models;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One pull or removal of a model at a time, over threads and processes. The operating system frees it when its holder
/// dies; the empty file stays.
final class StoreLock implements AutoCloseable {
    private static final long POLL_MILLIS = 100;

    private final FileChannel channel;

    private StoreLock(FileChannel channel) {
        this.channel = channel;
    }

    static StoreLock acquire(Path file, String subject, PullListener listener) {
        try {
            Files.createDirectories(Objects.requireNonNull(file.getParent()));
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            while (tryLock(channel) == null) {
                listener.progress(PullListener.Phase.WAITING, subject, 0, -1);
                Thread.sleep(POLL_MILLIS);
            }
            return new StoreLock(channel);
        } catch (IOException e) {
            throw new ServeException(Failure.CONFIGURATION, "the model store cannot be written: %s".formatted(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServeException(Failure.UNAVAILABLE, "waiting for %s was interrupted".formatted(subject), e);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException heldByAnotherThread) {
            return null;
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new ServeException(Failure.INTERNAL, "a lock of the model store cannot be freed: " + e, e);
        }
    }
}
