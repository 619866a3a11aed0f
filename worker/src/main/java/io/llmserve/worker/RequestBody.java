package io.llmserve.worker;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.function.Consumer;

/// Collects the body of one request, within its limit and its time. On the connection's event loop.
final class RequestBody {
    private final Vertx vertx;
    private final Exchange exchange;
    private final int limitBytes;
    private final Duration timeout;
    private final Consumer<byte[]> whole;
    private final Buffer received = Buffer.buffer();
    private long timer;
    private boolean over;

    private RequestBody(Vertx vertx, Exchange exchange, WorkerOptions options, Consumer<byte[]> whole) {
        this.vertx = vertx;
        this.exchange = exchange;
        this.limitBytes = options.limits().bodyBytes();
        this.timeout = options.timeouts().body();
        this.whole = whole;
    }

    /// Calls `whole` with the body, or answers 413, 415 or 408.
    static void read(Vertx vertx, Exchange exchange, WorkerOptions options, Consumer<byte[]> whole) {
        RequestBody body = new RequestBody(vertx, exchange, options, whole);
        HttpServerRequest request = exchange.request();
        long declared = declaredLength(request);
        if (declared > body.limitBytes) {
            body.refuse(body.tooLarge(Long.toString(declared)));
            return;
        }
        if ("100-continue".equalsIgnoreCase(request.getHeader("expect"))) {
            request.response().writeContinue();
        }
        body.timer = vertx.setTimer(body.timeout.toMillis(), expired -> body.expire());
        request.handler(body::append);
        request.endHandler(nothing -> body.complete());
        request.exceptionHandler(failure -> body.stop());
    }

    private static long declaredLength(HttpServerRequest request) {
        String declared = request.getHeader("content-length");
        try {
            return declared == null ? -1 : Long.parseLong(declared);
        } catch (NumberFormatException odd) {
            return Long.MAX_VALUE;
        }
    }

    private void append(Buffer part) {
        if (over) {
            return;
        }
        if (received.length() + (long) part.length() > limitBytes) {
            stop();
            refuse(tooLarge("more than " + limitBytes));
        } else {
            received.appendBuffer(part);
        }
    }

    private void complete() {
        if (!over) {
            stop();
            whole.accept(received.getBytes());
        }
    }

    private void expire() {
        if (!over) {
            over = true;
            refuse(new ServeException(
                    Failure.REQUEST_TIMEOUT,
                    "The body did not arrive within %d ms: %d bytes came."
                            .formatted(timeout.toMillis(), received.length())));
        }
    }

    private void stop() {
        over = true;
        vertx.cancelTimer(timer);
    }

    private void refuse(ServeException failure) {
        exchange.failAndClose(failure);
    }

    private ServeException tooLarge(String found) {
        return new ServeException(
                Failure.TOO_LARGE, "The body has %s bytes; at most %d are allowed.".formatted(found, limitBytes));
    }
}
