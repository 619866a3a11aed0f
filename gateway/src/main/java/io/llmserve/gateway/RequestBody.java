package io.llmserve.gateway;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.function.Consumer;

/// Reads a request's body into memory, within the limit of one body and that of all together. Owned by one
/// event loop.
final class RequestBody {
    private final GatewayState state;
    private final HttpServerRequest request;
    private final Consumer<ServeException> onFailure;
    private final Pieces pieces = new Pieces();
    private boolean complete;
    private boolean abandoned;

    RequestBody(GatewayState state, HttpServerRequest request, Consumer<ServeException> onFailure) {
        this.state = state;
        this.request = request;
        this.onFailure = onFailure;
    }

    /// Throws TOO_LARGE where the head already says so.
    void read(Runnable onComplete) {
        int max = state.options.limits().maxBodyBytes();
        String declared = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        if (declared != null && isMore(declared, max)) {
            throw tooLarge(declared, max);
        }
        request.handler(chunk -> append(chunk, max));
        request.endHandler(end -> {
            complete = true;
            if (!abandoned) {
                onComplete.run();
            }
        });
        request.exceptionHandler(cause -> {
            if (!abandoned && !complete) {
                onFailure.accept(new ServeException(
                        Failure.INVALID_REQUEST, "the request's body could not be read: " + cause.getMessage(), cause));
            }
        });
        String expect = request.getHeader(HttpHeaders.EXPECT);
        if (expect != null && expect.equalsIgnoreCase("100-continue")) {
            request.response().writeContinue();
        }
    }

    boolean complete() {
        return complete;
    }

    Buffer bytes() {
        return pieces.all();
    }

    /// Forgets the bytes; what still comes in is dropped.
    void release() {
        abandoned = true;
        state.releaseBytes(pieces.length());
        pieces.clear();
    }

    private void append(Buffer chunk, int max) {
        if (abandoned) {
            return;
        }
        if ((long) pieces.length() + chunk.length() > max) {
            onFailure.accept(tooLarge("more than " + max, max));
            return;
        }
        try {
            state.keepBytes(chunk.length());
        } catch (ServeException refused) {
            onFailure.accept(refused);
            return;
        }
        pieces.add(chunk);
    }

    private static boolean isMore(String declared, int max) {
        try {
            return Long.parseLong(declared) > max;
        } catch (NumberFormatException invalid) {
            throw ServeException.invalid("Content-Length", "Content-Length must be a number, got " + declared);
        }
    }

    private static ServeException tooLarge(String found, int max) {
        return new ServeException(
                Failure.TOO_LARGE, "the request's body has %s bytes, at most %d are allowed".formatted(found, max));
    }
}
