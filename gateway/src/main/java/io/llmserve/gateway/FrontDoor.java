package io.llmserve.gateway;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.wire.ErrorBody;
import io.llmserve.wire.InternalHeaders;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Meets every request: names it, checks route, method, key and media type, and answers it or hands it to an
/// [Exchange]. Owned by one event loop.
final class FrontDoor implements Handler<HttpServerRequest> {
    private static final String NO_TENANT = "unknown";
    private static final String NO_MODEL = "none";
    private static final String NO_ROUTE = "other";

    private final GatewayLoop loop;
    private final GatewayState state;
    private final ClientConnections connections;
    private final LocalAnswers local;

    FrontDoor(GatewayLoop loop, ClientConnections connections) {
        this.loop = loop;
        this.state = loop.state();
        this.connections = connections;
        this.local = new LocalAnswers(state);
    }

    @Override
    public void handle(HttpServerRequest request) {
        long startNanos = state.clock.nanos();
        HttpConnection connection = request.connection();
        HttpServerResponse response = request.response();
        connections.requestBegan(connection);
        response.endHandler(end -> connections.responseEnded(request));
        boolean refused = connections.isRefused(connection);
        if (refused || state.draining()) {
            response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
        String id = RequestIds.of(request.getHeader(ForwardedHeaders.REQUEST_ID));
        response.putHeader(ForwardedHeaders.REQUEST_ID, id).putHeader(InternalHeaders.REQUEST_ID, id);
        String routeLabel = NO_ROUTE;
        String tenantLabel = NO_TENANT;
        try {
            if (refused) {
                throw tooManyConnections();
            }
            Route route = route(request);
            routeLabel = route.path();
            Tenant tenant = route.open()
                    ? Tenant.ANONYMOUS
                    : state.keys.authenticate(request.getHeader(HttpHeaders.AUTHORIZATION));
            tenantLabel = tenant.name();
            if (route.proxied()) {
                requireJson(request.getHeader(HttpHeaders.CONTENT_TYPE));
                if (state.draining()) {
                    throw GatewayState.shuttingDown();
                }
                new Exchange(loop, request, new RequestHead(route, request.uri(), tenant, id, startNanos)).begin();
            } else {
                local.answer(route, request);
                count(id, routeLabel, response.getStatusCode(), tenantLabel);
            }
        } catch (ServeException failure) {
            loop.refuse(request, failure, false);
            count(id, routeLabel, failure.failure().httpStatus(), tenantLabel);
        }
    }

    /// What Vert.x could not read as a request.
    void unreadable(HttpServerRequest request) {
        Throwable cause = request.decoderResult().cause();
        int maxHeaderBytes = state.options.limits().maxHeaderBytes();
        ErrorBody error = switch (cause) {
            case TooLongHttpLineException line ->
                new ErrorBody(
                        "the request line has more than " + maxHeaderBytes + " bytes",
                        "RequestUriTooLongError",
                        null,
                        414);
            case TooLongHttpHeaderException header ->
                new ErrorBody(
                        "the request's headers have more than " + maxHeaderBytes + " bytes",
                        "RequestHeadersTooLargeError",
                        null,
                        431);
            case null, default ->
                new ErrorBody(
                        "this is not an HTTP request: " + (cause == null ? "unreadable" : cause.getMessage()),
                        Failure.INVALID_REQUEST.type(),
                        null,
                        400);
        };
        request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        ErrorAnswer.send(request.response(), error);
        request.connection().close();
        count("-", NO_ROUTE, error.code(), NO_TENANT);
    }

    private void count(String id, String route, int status, String tenant) {
        state.metrics.answered(route, status, tenant, NO_MODEL);
        AccessLog.answeredHere(id, route, status, tenant);
    }

    private static Route route(HttpServerRequest request) {
        String path = request.path();
        Route route = Route.of(path == null ? "" : path)
                .orElseThrow(() -> new ServeException(
                        Failure.NOT_FOUND, "there is no %s %s here".formatted(request.method(), request.path())));
        if (!route.allows(request.method().name())) {
            request.response().putHeader(HttpHeaders.ALLOW, route.allowed());
            throw new ServeException(
                    Failure.METHOD_NOT_ALLOWED,
                    "%s is not allowed for %s, %s is".formatted(request.method(), route.path(), route.allowed()));
        }
        return route;
    }

    private static void requireJson(@Nullable String contentType) {
        String type =
                contentType == null ? "" : contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        if (!type.equals("application/json") && !(type.startsWith("application/") && type.endsWith("+json"))) {
            throw new ServeException(
                    Failure.UNSUPPORTED_MEDIA_TYPE,
                    "Content-Type must be application/json, got " + (type.isEmpty() ? "none" : type));
        }
    }

    private ServeException tooManyConnections() {
        int max = state.options.limits().maxConnections();
        return new ServeException(
                Failure.UNAVAILABLE,
                "%d connections are open, at most %d are allowed".formatted(state.connections(), max));
    }
}
