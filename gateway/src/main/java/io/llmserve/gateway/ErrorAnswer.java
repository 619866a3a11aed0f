package io.llmserve.gateway;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.wire.ErrorBody;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;

/// A failure as an HTTP answer in OpenAI's shape, with the headers that its status calls for.
final class ErrorAnswer {
    private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
    private static final Duration COME_BACK = Duration.ofSeconds(1);

    private ErrorAnswer() {}

    static void send(HttpServerResponse response, ServeException failure) {
        if (failure.failure() == Failure.UNAUTHORIZED) {
            response.putHeader("www-authenticate", "Bearer");
        }
        Duration retryAfter = failure.retryAfter();
        if (retryAfter == null && failure.failure() == Failure.UNAVAILABLE) {
            retryAfter = COME_BACK;
        }
        if (retryAfter != null) {
            response.putHeader(HttpHeaders.RETRY_AFTER, Long.toString(wholeSeconds(retryAfter)));
        }
        send(response, ErrorBody.of(failure));
    }

    static void send(HttpServerResponse response, ErrorBody error) {
        response.setStatusCode(error.code())
                .putHeader(HttpHeaders.CONTENT_TYPE, JSON)
                .end(Buffer.buffer(error.toJson()));
    }

    private static long wholeSeconds(Duration duration) {
        return Math.max(1, duration.plusNanos(999_999_999).toSeconds());
    }
}
