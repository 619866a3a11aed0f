package io.llmserve.models.fetch;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Failures for want of room, with both numbers.
final class DiskSpace {
    private DiskSpace() {}

    /// Fails with EXHAUSTED unless `bytes` more fit into the file system of `folder`.
    static void require(Disk disk, Path folder, String subject, long bytes) throws IOException {
        long usable = disk.usableBytes(folder);
        if (usable < bytes) {
            throw exhausted(folder, subject, bytes, usable, null);
        }
    }

    static boolean isFull(IOException failure) {
        String message = failure.getMessage();
        if (message == null) {
            return false;
        }
        String lower = message.toLowerCase(Locale.ROOT);
        return lower.contains("no space left")
                || lower.contains("not enough space")
                || lower.contains("quota exceeded");
    }

    static ServeException exhausted(
            Path folder, String subject, long neededBytes, long usableBytes, @Nullable IOException cause) {
        String message = "%s needs %,d more bytes in %s, but %,d are free there"
                .formatted(subject, neededBytes, folder, usableBytes);
        return cause == null
                ? new ServeException(Failure.EXHAUSTED, message)
                : new ServeException(Failure.EXHAUSTED, message, cause);
    }
}
