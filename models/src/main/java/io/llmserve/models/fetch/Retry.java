package io.llmserve.models.fetch;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLHandshakeException;

/// Tries again what the network broke, after pauses that double.
final class Retry {
    /// How the thread waits; tests do not.
    @FunctionalInterface
    interface Pause {
        void sleep(Duration duration) throws InterruptedException;
    }

    @FunctionalInterface
    interface Attempt<T> {
        T run() throws IOException;
    }

    /// A status that may be another one in a moment.
    static final class BusyException extends IOException {
        private final Duration retryAfter;

        BusyException(String message, Duration retryAfter) {
            super(message);
            this.retryAfter = retryAfter;
        }
    }

    private static final int MAX_FRUITLESS = 5;
    private static final int MAX_ATTEMPTS = 100;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    private final Pause pause;

    Retry(Pause pause) {
        this.pause = pause;
    }

    /// @param progress grows when an attempt brought something; only fruitless attempts in a row count
    /// @param explain makes the final failure's message of the last exception's
    <T> T run(Attempt<T> attempt, LongSupplier progress, UnaryOperator<String> explain) {
        int fruitless = 0;
        for (int attempts = 1; ; attempts++) {
            long before = progress.getAsLong();
            try {
                return attempt.run();
            } catch (IOException e) {
                fruitless = progress.getAsLong() > before ? 1 : fruitless + 1;
                if (fruitless >= MAX_FRUITLESS || attempts >= MAX_ATTEMPTS || isFinal(e)) {
                    throw new ServeException(Failure.UPSTREAM, explain.apply(describe(e)), e);
                }
                sleep(fruitless, e);
            }
        }
    }

    private void sleep(int fruitless, IOException cause) {
        Duration wait = FIRST_PAUSE.multipliedBy(1L << (fruitless - 1));
        if (cause instanceof BusyException busy && busy.retryAfter.compareTo(wait) > 0) {
            wait = busy.retryAfter;
        }
        try {
            pause.sleep(wait.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : wait);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServeException(Failure.UNAVAILABLE, "the pull was interrupted", e);
        }
    }

    private static boolean isFinal(IOException e) {
        return e instanceof SSLHandshakeException;
    }

    private static String describe(IOException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return "its name does not resolve";
            }
        }
        return switch (e) {
            case SSLHandshakeException handshake ->
                "its certificate is not trusted (SSL_CERT_FILE names extra ones): " + handshake.getMessage();
            case HttpTimeoutException timeout -> "no answer in time";
            case ConnectException refused -> "no connection";
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }
}
