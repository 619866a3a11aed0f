package io.llmserve.core;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The one failure that crosses rooms. The message is shown to users as it is: it names the subject, what was
/// found and what is allowed.
public final class ServeException extends RuntimeException {
    private final Failure failure;
    private final @Nullable String parameter;
    private final @Nullable Duration retryAfter;

    public ServeException(Failure failure, String message) {
        this(failure, message, null, null, null);
    }

    public ServeException(Failure failure, String message, Throwable cause) {
        this(failure, message, null, null, cause);
    }

    private ServeException(
            Failure failure,
            String message,
            @Nullable String parameter,
            @Nullable Duration retryAfter,
            @Nullable Throwable cause) {
        super(message, cause);
        this.failure = failure;
        this.parameter = parameter;
        this.retryAfter = retryAfter;
    }

    /// Bad input: `parameter` is the path of the offending field, e.g. `messages[0].content`.
    public static ServeException invalid(String parameter, String message) {
        return new ServeException(Failure.INVALID_REQUEST, message, parameter, null, null);
    }

    /// Too much work for now: the client may come back after `retryAfter`.
    public static ServeException overloaded(String message, Duration retryAfter) {
        return new ServeException(Failure.OVERLOADED, message, null, retryAfter, null);
    }

    /// The same failure, blamed on a field of the request.
    public ServeException at(String field) {
        return new ServeException(failure, messageText(), field, retryAfter, getCause());
    }

    /// The same failure; the client may come back after `delay`.
    public ServeException after(Duration delay) {
        return new ServeException(failure, messageText(), parameter, delay, getCause());
    }

    public Failure failure() {
        return failure;
    }

    public @Nullable String parameter() {
        return parameter;
    }

    public @Nullable Duration retryAfter() {
        return retryAfter;
    }

    public String messageText() {
        String message = getMessage();
        return message == null ? failure.type() : message;
    }
}
