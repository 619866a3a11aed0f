package io.llmserve.models;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Failures of model files, each naming the file first.
public final class ModelFileFailure {
    private ModelFileFailure() {}

    /// Bytes that contradict the format.
    public static ServeException damaged(Path file, String message, @Nullable Object... arguments) {
        return new ServeException(Failure.CORRUPT, file + " is damaged: " + message.formatted(arguments));
    }

    public static ServeException damaged(Path file, Throwable cause, String message, @Nullable Object... arguments) {
        return new ServeException(Failure.CORRUPT, file + " is damaged: " + message.formatted(arguments), cause);
    }

    /// A sound file of a kind that is not served.
    public static ServeException unsupported(Path file, String message, @Nullable Object... arguments) {
        return new ServeException(Failure.CORRUPT, file + " cannot be served: " + message.formatted(arguments));
    }

    public static ServeException unreadable(Path file, IOException cause) {
        return switch (cause) {
            case NoSuchFileException missing ->
                new ServeException(Failure.NOT_FOUND, file + " does not exist", missing);
            case AccessDeniedException denied ->
                new ServeException(Failure.CONFIGURATION, file + " may not be read by this user", denied);
            default ->
                new ServeException(Failure.CORRUPT, "%s cannot be read: %s".formatted(file, cause.getMessage()), cause);
        };
    }
}
