package io.llmserve.gateway;

import io.llmserve.core.Failure;
import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import java.util.Locale;

/// How a worker let a request down.
enum UpstreamFailure {
    /// No connection could be opened.
    CONNECT,
    /// The connection ended before the first byte of the answer.
    CLOSED,
    /// The answer was not HTTP, or a stream without its end.
    GARBAGE,
    /// No first byte in time.
    FIRST_BYTE,
    /// The connection ended within the answer.
    DIED,
    /// No further byte in time.
    STALL,
    /// It answered that it cannot.
    REFUSED,
    /// It fell silent or left the fleet, and the stream with it.
    GONE;

    /// A worker that is slow may still be at work on it: asking another would double the load just when it
    /// hurts.
    boolean mayRetry() {
        return this != FIRST_BYTE && this != STALL;
    }

    /// What the client is told.
    ServeException exception(HostPort worker, String why, boolean retried) {
        String message = switch (this) {
            case CONNECT -> "worker %s could not be reached: %s";
            case CLOSED -> "worker %s closed the connection before its answer began: %s";
            case GARBAGE -> "worker %s did not answer in HTTP: %s";
            case FIRST_BYTE -> "worker %s did not begin to answer: %s";
            case DIED -> "worker %s broke off its answer: %s";
            case STALL -> "worker %s stopped in the middle of its answer: %s";
            case REFUSED -> "worker %s refused: %s";
            case GONE -> "worker %s is gone: %s";
        };
        return new ServeException(
                mayRetry() ? Failure.UPSTREAM : Failure.TIMEOUT,
                message.formatted(worker, why) + (retried ? " (the second worker that failed this request)" : ""));
    }

    /// The value of the metric label `reason`.
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
