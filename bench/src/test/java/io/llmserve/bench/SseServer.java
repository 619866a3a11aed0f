package io.llmserve.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/// An OpenAI endpoint in miniature on loopback: a word is a token, every answer has `max_tokens` pieces. `fault`
/// turns every third completion of the measured run into a failure.
final class SseServer implements AutoCloseable {
    enum Fault {
        NONE,
        REFUSES_IGNORE_EOS,
        EVERY_THIRD_OVERLOADED,
        EVERY_THIRD_CUT
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    final List<JsonNode> bodies = new CopyOnWriteArrayList<>();
    final List<String> keys = new CopyOnWriteArrayList<>();
    private final HttpServer server;
    private final Fault fault;
    private final AtomicInteger streams = new AtomicInteger();

    SseServer(Fault fault) throws IOException {
        this.fault = fault;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/v1/models", exchange -> answer(exchange, 200, "{\"data\":[{\"id\":\"tiny\"}]}"));
        server.createContext("/v1/chat/completions", this::completion);
        server.createContext("/v1/completions", this::completion);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void completion(HttpExchange exchange) throws IOException {
        JsonNode body = JSON.readTree(exchange.getRequestBody());
        bodies.add(body);
        keys.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
        if (fault == Fault.REFUSES_IGNORE_EOS && body.has("ignore_eos")) {
            answer(exchange, 400, "{\"error\":{\"message\":\"unknown field ignore_eos\"}}");
        } else if (body.path("stream").asBoolean()) {
            stream(exchange, body, streams.incrementAndGet() % 3 == 0);
        } else {
            answer(exchange, 200, "{\"choices\":[{\"text\":\"x\"}],\"usage\":" + usage(body) + "}");
        }
    }

    private void stream(HttpExchange exchange, JsonNode body, boolean third) throws IOException {
        if (third && fault == Fault.EVERY_THIRD_OVERLOADED) {
            answer(exchange, 429, "{}");
            return;
        }
        exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            for (int i = 0; i < body.path("max_tokens").asInt(); i++) {
                event(out, "{\"choices\":[{\"text\":\"w \",\"delta\":{\"content\":\"w \"}}]}");
            }
            if (!third || fault != Fault.EVERY_THIRD_CUT) {
                event(out, "{\"choices\":[],\"usage\":" + usage(body) + "}");
                event(out, "[DONE]");
            }
        }
    }

    private static String usage(JsonNode body) {
        String prompt = body.path("messages")
                .path(0)
                .path("content")
                .asText(body.path("prompt").asText());
        return "{\"prompt_tokens\":%d,\"completion_tokens\":%d}"
                .formatted(prompt.split(" ").length, body.path("max_tokens").asInt());
    }

    private static void event(OutputStream out, String json) throws IOException {
        out.write(("data: " + json + "\n\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private static void answer(HttpExchange exchange, int status, String json) throws IOException {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }
}
