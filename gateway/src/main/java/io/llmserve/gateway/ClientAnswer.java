package io.llmserve.gateway;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerResponse;

/// The client's side of a proxied answer: writes what it is given and tells when the client does not keep up.
/// Owned by one event loop.
final class ClientAnswer {
    private final HttpServerResponse response;
    private final HttpClientResponse workers;
    private final Runnable onFull;
    private final Runnable onDrained;
    private long sentBytes;

    /// The worker's status and headers leave with the first bytes of the body.
    ClientAnswer(HttpServerResponse response, HttpClientResponse workers, Runnable onFull, Runnable onDrained) {
        this.response = response;
        this.workers = workers;
        this.onFull = onFull;
        this.onDrained = onDrained;
    }

    void write(Buffer bytes) {
        begin();
        sentBytes += bytes.length();
        response.write(bytes);
        if (response.writeQueueFull()) {
            response.drainHandler(drained -> onDrained.run());
            onFull.run();
        }
    }

    void end(Buffer bytes) {
        begin();
        sentBytes += bytes.length();
        response.end(bytes);
    }

    boolean begun() {
        return response.headWritten();
    }

    long sentBytes() {
        return sentBytes;
    }

    private void begin() {
        if (!response.headWritten()) {
            response.setStatusCode(workers.statusCode());
            ForwardedHeaders.toClient(workers.headers(), response.headers());
        }
    }
}
