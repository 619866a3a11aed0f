package io.llmserve.worker;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.wire.InternalHeaders;
import io.llmserve.wire.RequestLimits;
import io.llmserve.worker.WorkerOptions.Trust;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Receives requests on the event loops: names them, checks what can be checked without waiting, and hands the
/// rest to virtual threads. Whatever is thrown there ends in one answer.
final class FrontDesk {
    private static final Logger LOG = LoggerFactory.getLogger(FrontDesk.class);

    private final Vertx vertx;
    private final Routes routes;
    private final ConnectionGuard guard;
    private final WorkerOptions options;
    private final ExecutorService threads;
    private final Supplier<String> requestIds;

    /// @param requestIds for requests that name none
    FrontDesk(
            Vertx vertx,
            Routes routes,
            ConnectionGuard guard,
            WorkerOptions options,
            ExecutorService threads,
            Supplier<String> requestIds) {
        this.vertx = vertx;
        this.routes = routes;
        this.guard = guard;
        this.options = options;
        this.threads = threads;
        this.requestIds = requestIds;
    }

    /// Work that may wait.
    @FunctionalInterface
    private interface Waiting {
        void run() throws InterruptedException;
    }

    void receive(HttpServerRequest request) {
        HttpConnection connection = request.connection();
        guard.requestBegan(connection);
        Exchange exchange = new Exchange(request, vertx, requestId(request), () -> guard.requestEnded(connection));
        if (guard.isSurplus(connection)) {
            exchange.failAndClose(new ServeException(
                    Failure.UNAVAILABLE,
                    "This worker serves %d connections and has %d."
                            .formatted(options.limits().connections(), guard.connections())));
            return;
        }
        try {
            dispatch(exchange);
        } catch (ServeException refused) {
            refuse(exchange, refused);
        }
    }

    private void dispatch(Exchange exchange) {
        HttpServerRequest request = exchange.request();
        Routes.Route route = routes.find(exchange.path());
        if (request.method().equals(HttpMethod.OPTIONS)) {
            exchange.header("allow", route.allowed());
            exchange.respond(204, Exchange.JSON, new byte[0]);
            return;
        }
        if (!route.takes(request.method())) {
            exchange.header("allow", route.allowed());
            throw new ServeException(
                    Failure.METHOD_NOT_ALLOWED,
                    "%s does not take %s; it takes %s.".formatted(exchange.path(), request.method(), route.allowed()));
        }
        switch (route) {
            case Routes.Route.Read read -> onThread(exchange, () -> read.get().answer(exchange));
            case Routes.Route.Act act -> {
                checkHeaders(request);
                RequestBody.read(
                        vertx,
                        exchange,
                        options,
                        body -> onThread(exchange, () -> act.post().answer(exchange, body)));
            }
        }
    }

    private void onThread(Exchange exchange, Waiting work) {
        threads.execute(() -> {
            try {
                work.run();
            } catch (ServeException failure) {
                exchange.fail(failure);
            } catch (InterruptedException closing) {
                Thread.currentThread().interrupt();
                exchange.fail(new ServeException(Failure.UNAVAILABLE, "The worker is shutting down."));
            } catch (RuntimeException bug) {
                LOG.error("request {} failed", exchange.requestId(), bug);
                exchange.fail(new ServeException(
                        Failure.INTERNAL, "The worker failed on request %s.".formatted(exchange.requestId())));
            }
        });
    }

    /// A body that nobody will read makes the connection useless for a further request.
    private static void refuse(Exchange exchange, ServeException refused) {
        if (exchange.request().isEnded() || exchange.request().method().equals(HttpMethod.GET)) {
            exchange.fail(refused);
        } else {
            exchange.failAndClose(refused);
        }
    }

    private static void checkHeaders(HttpServerRequest request) {
        @Nullable String type = request.getHeader("content-type");
        if (type != null && !mediaType(type).equals(Exchange.JSON)) {
            throw new ServeException(
                    Failure.UNSUPPORTED_MEDIA_TYPE,
                    "The content-type must be application/json, got \"%s\".".formatted(type));
        }
        @Nullable String encoding = request.getHeader("content-encoding");
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw new ServeException(
                    Failure.UNSUPPORTED_MEDIA_TYPE,
                    "A body with content-encoding \"%s\" is not read here; send it as it is.".formatted(encoding));
        }
    }

    private static String mediaType(String contentType) {
        int end = contentType.indexOf(';');
        return (end < 0 ? contentType : contentType.substring(0, end)).trim().toLowerCase(Locale.ROOT);
    }

    private String requestId(HttpServerRequest request) {
        @Nullable
        String given = options.trust() == Trust.GATEWAY ? request.getHeader(InternalHeaders.REQUEST_ID) : null;
        if (given == null) {
            given = request.getHeader("x-request-id");
        }
        return given != null && isUsable(given) ? given : requestIds.get();
    }

    /// Ids appear in headers and logs: visible ASCII only.
    private static boolean isUsable(String id) {
        return !id.isEmpty()
                && id.length() <= RequestLimits.MAX_REQUEST_ID_LENGTH
                && id.chars().allMatch(unit -> unit > ' ' && unit < 0x7F);
    }
}
