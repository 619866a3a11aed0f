package io.llmserve.gateway;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.gateway.GatewayOptions.Limits;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.PoolOptions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One event loop with its share of the client connections, its own connections to the workers, and one timer
/// that looks after all deadlines. Everything here runs on that event loop, except where said.
final class GatewayLoop extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(GatewayLoop.class);
    private static final long DEADLINE_CHECK_MILLIS = 50;
    private static final int ACCEPT_BACKLOG = 4096;
    /// Under the 5 s after which vLLM's server closes an idle connection.
    private static final int UPSTREAM_IDLE_SECONDS = 4;
    /// A body up to this size that nobody wants is read and dropped; a larger one costs the client its
    /// connection.
    private static final long SMALL_BODY_BYTES = 64 << 10;

    private final GatewayState state;
    private final int port;
    private final ClientConnections connections;
    private final Set<Exchange> live = new LinkedHashSet<>();
    private @Nullable HttpClient client;
    private @Nullable HttpServer server;

    /// `port` as Vert.x has it: -1 is one free port for all loops together.
    GatewayLoop(GatewayState state, int port) {
        this.state = state;
        this.port = port;
        this.connections = new ClientConnections(state);
    }

    @Override
    public Future<?> start() {
        FrontDoor door = new FrontDoor(this, connections);
        client = vertx.httpClientBuilder()
                .with(clientOptions())
                .with(poolOptions())
                .withConnectHandler(connection -> connection.exceptionHandler(
                        cause -> LOG.debug("worker connection {}: {}", connection.remoteAddress(), cause.toString())))
                .build();
        server = vertx.createHttpServer(serverOptions())
                .connectionHandler(connections::opened)
                .requestHandler(door)
                .invalidRequestHandler(door::unreadable);
        vertx.setPeriodic(DEADLINE_CHECK_MILLIS, timer -> checkDeadlines());
        return server.listen(port, state.options.listen().host());
    }

    GatewayState state() {
        return state;
    }

    HttpClient client() {
        if (client == null) {
            throw new IllegalStateException("not started");
        }
        return client;
    }

    int actualPort() {
        if (server == null) {
            throw new IllegalStateException("not started");
        }
        return server.actualPort();
    }

    /// Runs it on this event loop, now or soon. Any thread may call.
    void execute(Runnable task) {
        context.runOnContext(run -> task.run());
    }

    /// Runs `work` beside the event loop, and `then` on it.
    <T> void compute(Callable<T> work, Handler<AsyncResult<T>> then) {
        vertx.executeBlocking(work, false).onComplete(then);
    }

    void began(Exchange exchange) {
        live.add(exchange);
        state.exchangeBegan();
    }

    void ended(Exchange exchange) {
        live.remove(exchange);
        state.exchangeEnded();
    }

    /// Ends every exchange with an error; how many there were.
    int cutAll() {
        int count = 0;
        for (Exchange exchange : new ArrayList<>(live)) {
            count += exchange.cut() ? 1 : 0;
        }
        return count;
    }

    /// Answers with the failure. A body that still comes in is dropped; a large one, one that came too late, or
    /// one that waits for leave to be sent, ends the connection.
    void refuse(HttpServerRequest request, ServeException failure, boolean bodyComplete) {
        HttpServerResponse response = request.response();
        if (response.closed() || response.ended()) {
            return;
        }
        if (!bodyComplete && (failure.failure() == Failure.REQUEST_TIMEOUT || !isSmall(request))) {
            response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
        ErrorAnswer.send(response, failure);
    }

    private static boolean isSmall(HttpServerRequest request) {
        String declared = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        boolean waits = request.headers().contains(HttpHeaders.EXPECT);
        try {
            return !waits && declared != null && Long.parseLong(declared) <= SMALL_BODY_BYTES;
        } catch (NumberFormatException invalid) {
            return false;
        }
    }

    /// Closes the connections that are left now. Any thread may call.
    void closeConnectionsNow() {
        execute(connections::closeAllNow);
    }

    private void checkDeadlines() {
        long now = state.clock.nanos();
        for (Exchange exchange : new ArrayList<>(live)) {
            exchange.checkDeadline(now);
        }
        state.line.checkDeadlines();
        connections.closeOverdue(now);
    }

    private HttpServerOptions serverOptions() {
        Limits limits = state.options.limits();
        return new HttpServerOptions()
                .setAcceptBacklog(ACCEPT_BACKLOG)
                .setMaxHeaderSize(limits.maxHeaderBytes())
                .setMaxInitialLineLength(limits.maxHeaderBytes())
                .setHttp2ClearTextEnabled(false)
                .setTcpKeepAlive(true);
    }

    private HttpClientOptions clientOptions() {
        return new HttpClientOptions()
                .setConnectTimeout((int) state.options.timeouts().connect().toMillis())
                .setKeepAliveTimeout(UPSTREAM_IDLE_SECONDS)
                .setTcpKeepAlive(true);
    }

    /// As many connections to a worker as there may be requests: the line is in front of the workers, not here.
    private PoolOptions poolOptions() {
        return new PoolOptions().setHttp1MaxSize(state.options.limits().maxInFlight() + 1);
    }
}
