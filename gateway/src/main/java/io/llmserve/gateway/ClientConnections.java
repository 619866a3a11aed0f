package io.llmserve.gateway;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.gateway.GatewayOptions.Timeouts;
import io.llmserve.wire.ErrorBody;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The client connections of one event loop and how long each may stay without a request. Owned by that event
/// loop.
final class ClientConnections {
    /// How long a client may go on sending a body that nobody wants, so that it gets to read why.
    private static final Duration LINGER = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(ClientConnections.class);

    private final IdentityHashMap<HttpConnection, Visit> open = new IdentityHashMap<>();
    private final GatewayState state;
    private final Timeouts timeouts;

    ClientConnections(GatewayState state) {
        this.state = state;
        this.timeouts = state.options.timeouts();
    }

    void opened(HttpConnection connection) {
        int count = state.connectionOpened();
        int max = state.options.limits().maxConnections();
        connection.closeHandler(closed -> closed(connection));
        connection.exceptionHandler(cause -> LOG.debug("client connection: {}", cause.toString()));
        open.put(
                connection,
                new Visit(count > max, state.clock.nanos() + timeouts.headers().toNanos()));
        if (count > max) {
            state.metrics.connectionRefused();
            if (count > 2L * max) {
                RawConnection.closeNow(connection);
            }
        }
    }

    /// This connection came when too many were open: its first request is told so.
    boolean isRefused(HttpConnection connection) {
        Visit visit = open.get(connection);
        return visit != null && visit.refused;
    }

    void requestBegan(HttpConnection connection) {
        Visit visit = open.get(connection);
        if (visit != null) {
            visit.requests++;
            visit.hadRequest = true;
        }
    }

    /// Where the answer said `Connection: close`, or the gateway stops, the connection is closed: at once, or,
    /// while the client is still sending a body that nobody wants, a little later.
    void responseEnded(HttpServerRequest request) {
        HttpConnection connection = request.connection();
        Visit visit = open.get(connection);
        if (visit == null) {
            return;
        }
        visit.requests--;
        boolean closing = state.draining()
                || request.response().headers().contains(HttpHeaders.CONNECTION, HttpHeaders.CLOSE, true);
        if (closing && request.isEnded()) {
            connection.close();
            return;
        }
        if (closing) {
            request.handler(dropped -> {});
            request.endHandler(end -> connection.close());
        }
        visit.deadlineNanos = state.clock.nanos() + (closing ? LINGER : timeouts.idle()).toNanos();
    }

    void closeOverdue(long nowNanos) {
        List<HttpConnection> overdue = new ArrayList<>();
        open.forEach((connection, visit) -> {
            if (visit.requests == 0 && nowNanos - visit.deadlineNanos >= 0) {
                overdue.add(connection);
            }
        });
        for (HttpConnection connection : overdue) {
            Visit visit = open.get(connection);
            if (visit != null && !visit.hadRequest) {
                RawConnection.answerAndClose(connection, headTooLate());
            } else {
                RawConnection.closeNow(connection);
            }
        }
    }

    /// Closes those that are left, whatever their clients have not read.
    void closeAllNow() {
        List.copyOf(open.keySet()).forEach(RawConnection::closeNow);
    }

    private String headTooLate() {
        ErrorBody error = ErrorBody.of(new ServeException(
                Failure.REQUEST_TIMEOUT,
                "the request's head was not complete after %d ms"
                        .formatted(timeouts.headers().toMillis())));
        String body = new String(error.toJson(), StandardCharsets.UTF_8);
        return "HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\n"
                + "content-length: " + error.toJson().length + "\r\n\r\n" + body;
    }

    private void closed(HttpConnection connection) {
        if (open.remove(connection) != null) {
            state.connectionClosed();
        }
    }

    private static final class Visit {
        final boolean refused;
        int requests;
        boolean hadRequest;
        long deadlineNanos;

        Visit(boolean refused, long deadlineNanos) {
            this.refused = refused;
            this.deadlineNanos = deadlineNanos;
        }
    }
}
