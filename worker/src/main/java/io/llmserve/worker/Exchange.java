package io.llmserve.worker;

import io.llmserve.core.ServeException;
import io.llmserve.wire.ErrorBody;
import io.llmserve.wire.Sse;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// One request and its answer. May be answered from any thread: bytes are written on the connection's event
/// loop, in the order of the calls.
final class Exchange {
    static final String JSON = "application/json";
    private static final String REQUEST_ID = "x-request-id";

    /// How long a connection whose request was refused half-way is still read, so that the client sees the
    /// answer before it sees the end.
    private static final long LINGER_MILLIS = 1_000;

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Vertx vertx;
    private final Context context;
    private final String requestId;
    private final Runnable onEnd;
    private final List<Runnable> onGone = new ArrayList<>();
    private boolean gone;
    private boolean answered;
    private boolean finished;

    /// Called on the connection's event loop.
    ///
    /// @param onEnd runs once, on the event loop, when the answer has been sent or its client has gone
    Exchange(HttpServerRequest request, Vertx vertx, String requestId, Runnable onEnd) {
        this.request = request;
        this.response = request.response();
        this.vertx = vertx;
        this.onEnd = onEnd;
        this.context = vertx.getOrCreateContext();
        this.requestId = requestId;
        response.putHeader(REQUEST_ID, requestId);
        response.exceptionHandler(failure -> lose());
        response.closeHandler(nothing -> lose());
        response.endHandler(nothing -> finish());
    }

    HttpServerRequest request() {
        return request;
    }

    String path() {
        String path = request.path();
        return path == null ? "" : path;
    }

    String requestId() {
        return requestId;
    }

    /// Runs the action when the client goes away before the answer is complete; at once if it has gone.
    void whenGone(Runnable action) {
        synchronized (onGone) {
            if (!gone) {
                onGone.add(action);
                return;
            }
        }
        action.run();
    }

    boolean isGone() {
        synchronized (onGone) {
            return gone;
        }
    }

    /// Answers whole. Does nothing if an answer was already begun: the first one counts.
    void respond(int status, String contentType, byte[] body) {
        if (claim()) {
            context.runOnContext(nothing -> end(status, contentType, body));
        }
    }

    void ok(byte[] json) {
        respond(200, JSON, json);
    }

    void fail(ServeException failure) {
        Duration retryAfter = failure.retryAfter();
        if (retryAfter != null) {
            long seconds = Math.max(1, retryAfter.plusMillis(999).toSeconds());
            context.runOnContext(nothing -> header("retry-after", Long.toString(seconds)));
        }
        respond(failure.failure().httpStatus(), JSON, ErrorBody.of(failure).toJson());
    }

    /// Answers an error after which no further request can be read from this connection.
    void failAndClose(ServeException failure) {
        context.runOnContext(nothing -> {
            header("connection", "close");
            vertx.setTimer(LINGER_MILLIS, expired -> request.connection().close());
        });
        fail(failure);
    }

    void header(String name, String value) {
        if (!response.headWritten() && !response.ended()) {
            response.putHeader(name, value);
        }
    }

    /// Begins an answer of server-sent events; false if another answer was already begun.
    boolean beginStream() {
        if (!claim()) {
            return false;
        }
        context.runOnContext(nothing -> {
            if (!response.ended() && !response.closed()) {
                response.setStatusCode(200).setChunked(true);
                response.putHeader(HttpHeaders.CONTENT_TYPE, Sse.CONTENT_TYPE);
                response.putHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
            }
        });
        return true;
    }

    /// Writes a part of a stream; `done` runs when it has left for the network, or never will.
    void write(byte[] bytes, Runnable done) {
        context.runOnContext(nothing -> {
            if (response.ended() || response.closed()) {
                done.run();
            } else {
                response.write(Buffer.buffer(bytes)).onComplete(written -> done.run());
            }
        });
    }

    void endStream() {
        context.runOnContext(nothing -> {
            if (!response.ended() && !response.closed()) {
                response.end();
            }
        });
    }

    /// Breaks the connection off: its reader takes nothing.
    void cut() {
        context.runOnContext(nothing -> request.connection().close());
    }

    private void end(int status, String contentType, byte[] body) {
        if (response.ended() || response.closed()) {
            return;
        }
        response.setStatusCode(status);
        response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length));
        if (body.length > 0) {
            response.putHeader(HttpHeaders.CONTENT_TYPE, contentType);
        }
        if (request.method().equals(HttpMethod.HEAD) || body.length == 0) {
            response.end();
        } else {
            response.end(Buffer.buffer(body));
        }
    }

    private boolean claim() {
        synchronized (onGone) {
            boolean first = !answered;
            answered = true;
            return first;
        }
    }

    private void lose() {
        finish();
        List<Runnable> actions;
        synchronized (onGone) {
            if (gone || response.ended()) {
                return;
            }
            gone = true;
            actions = List.copyOf(onGone);
            onGone.clear();
        }
        actions.forEach(Runnable::run);
    }

    /// On the event loop, as is everything that ends an answer.
    private void finish() {
        if (!finished) {
            finished = true;
            onEnd.run();
        }
    }
}
