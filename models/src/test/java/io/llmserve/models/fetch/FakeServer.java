package io.llmserve.models.fetch;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A web server on the loopback with the faults that the network has.
final class FakeServer implements AutoCloseable {
    @FunctionalInterface
    interface Handler {
        void handle(HttpExchange exchange) throws IOException;
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, Handler> handlers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();

    FakeServer() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                requests.add("%s %s range=%s if-range=%s authorization=%s"
                        .formatted(
                                exchange.getRequestURI(),
                                exchange.getRequestHeaders().getFirst("Host"),
                                exchange.getRequestHeaders().getFirst("Range"),
                                exchange.getRequestHeaders().getFirst("If-Range"),
                                exchange.getRequestHeaders().getFirst("Authorization")));
                handlers.getOrDefault(exchange.getRequestURI().getPath(), FakeServer::notFound)
                        .handle(exchange);
            }
        });
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }

    /// `path?query Host range=.. if-range=.. authorization=..`, in order of arrival.
    List<String> requests() {
        return requests;
    }

    FakeServer on(String path, Handler handler) {
        handlers.put(path, handler);
        return this;
    }

    FakeServer text(String path, String contentType, String body) {
        return on(path, exchange -> {
            exchange.getResponseHeaders().set("Content-Type", contentType);
            send(exchange, 200, body.getBytes(StandardCharsets.UTF_8));
        });
    }

    /// A file with its ETag; Range and If-Range are honoured.
    FakeServer file(String path, byte[] content, String etag) {
        return on(path, exchange -> sendFile(exchange, content, etag, content.length));
    }

    /// The connection breaks after `cutBytes` in each of the first `times` answers.
    FakeServer breaking(String path, byte[] content, String etag, int cutBytes, int times) {
        AtomicInteger answers = new AtomicInteger();
        return on(
                path,
                exchange -> sendFile(
                        exchange, content, etag, answers.getAndIncrement() < times ? cutBytes : content.length));
    }

    static void status(HttpExchange exchange, int status) throws IOException {
        exchange.sendResponseHeaders(status, -1);
    }

    static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private static void sendFile(HttpExchange exchange, byte[] content, String etag, int cutBytes) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        String condition = exchange.getRequestHeaders().getFirst("If-Range");
        Matcher matcher = Pattern.compile("bytes=(\\d+)-").matcher(range == null ? "" : range);
        boolean partial = matcher.matches() && (condition == null || condition.equals(etag));
        int start = partial ? Integer.parseInt(matcher.group(1)) : 0;
        exchange.getResponseHeaders().set("ETag", etag);
        if (partial) {
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes %d-%d/%d".formatted(start, content.length - 1, content.length));
        }
        exchange.sendResponseHeaders(partial ? 206 : 200, content.length - start);
        exchange.getResponseBody().write(content, start, Math.min(cutBytes, content.length - start));
        exchange.getResponseBody().flush();
    }

    private static void notFound(HttpExchange exchange) throws IOException {
        status(exchange, 404);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
