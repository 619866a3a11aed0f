package io.llmserve.gateway;

import io.llmserve.gateway.GatewayOptions.Timeouts;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/// The client connections of one event loop and how long each may stay without a request. Owned by that event
/// loop.
final class ClientConnections {
    /// How long a client may go on sending a body that nobody wants, so that it gets to read why.
    private static final Duration LINGER = Duration.ofSeconds(1);

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
        open.put(
                connection,
                new Visit(count > max, state.clock.nanos() + timeouts.headers().toNanos()));
        if (count > max) {
            state.metrics.connectionRefused();
            if (count > 2L * max) {
                connection.close();
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
        overdue.forEach(HttpConnection::close);
    }

    private void closed(HttpConnection connection) {
        if (open.remove(connection) != null) {
            state.connectionClosed();
        }
    }

    private static final class Visit {
        final boolean refused;
        int requests;
        long deadlineNanos;

        Visit(boolean refused, long deadlineNanos) {
            this.refused = refused;
            this.deadlineNanos = deadlineNanos;
        }
    }
}
