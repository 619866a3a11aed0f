package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.netty.handler.codec.DecoderException;
import io.vertx.core.AsyncResult;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.RequestOptions;
import org.jspecify.annotations.Nullable;

/// One request sent to one worker. Tells its listener what comes back until the answer ends, fails or is
/// aborted, and nothing after that. Owned by one event loop.
final class UpstreamAttempt {
    interface Listener {
        void head(HttpClientResponse response);

        void chunk(Buffer chunk);

        void ended();

        void failed(UpstreamFailure failure, String why);
    }

    private final HostPort worker;
    private final Listener listener;
    private @Nullable HttpClientRequest request;
    private @Nullable HttpClientResponse response;
    private boolean over;

    UpstreamAttempt(HostPort worker, Listener listener) {
        this.worker = worker;
        this.listener = listener;
    }

    HostPort worker() {
        return worker;
    }

    void send(HttpClient client, RequestOptions options, Buffer body) {
        client.request(options).onComplete(connected -> connected(connected, body));
    }

    /// Ends it now: the worker sees its connection close and stops the work.
    void abort() {
        if (!over) {
            over = true;
            if (request != null) {
                request.reset();
            }
        }
    }

    void pause() {
        if (response != null && !over) {
            response.pause();
        }
    }

    void resume() {
        if (response != null && !over) {
            response.resume();
        }
    }

    private void connected(AsyncResult<HttpClientRequest> connected, Buffer body) {
        if (connected.failed()) {
            fail(UpstreamFailure.CONNECT, connected.cause());
            return;
        }
        HttpClientRequest opened = connected.result();
        opened.exceptionHandler(cause -> fail(early(cause), cause));
        if (over) {
            opened.reset();
            return;
        }
        request = opened;
        opened.send(body).onComplete(this::answered);
    }

    private void answered(AsyncResult<HttpClientResponse> answered) {
        if (over) {
            return;
        }
        if (answered.failed()) {
            fail(early(answered.cause()), answered.cause());
            return;
        }
        HttpClientResponse head = answered.result();
        response = head;
        head.exceptionHandler(cause -> fail(UpstreamFailure.DIED, cause));
        head.handler(chunk -> {
            if (!over) {
                listener.chunk(chunk);
            }
        });
        head.endHandler(end -> {
            if (!over) {
                over = true;
                listener.ended();
            }
        });
        listener.head(head);
    }

    private void fail(UpstreamFailure failure, Throwable cause) {
        if (!over) {
            abort();
            String detail = cause.getMessage();
            listener.failed(failure, detail == null ? cause.getClass().getSimpleName() : detail);
        }
    }

    /// Before the answer's head: closed by the worker, or not HTTP.
    private static UpstreamFailure early(Throwable cause) {
        boolean unreadable = cause instanceof DecoderException
                || cause instanceof IllegalArgumentException
                || cause instanceof IllegalStateException;
        return unreadable ? UpstreamFailure.GARBAGE : UpstreamFailure.CLOSED;
    }
}
