package io.llmserve.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmserve.core.Clock;
import io.llmserve.wire.SseEvent;
import io.llmserve.wire.SseParser;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A worker on a free port with a fake engine behind it, and a client in front. Registered as an extension of a
/// test, it checks after each method that nothing is left.
final class Harness implements AutoCloseable, AfterEachCallback {
    static final String CHAT = "/v1/chat/completions";
    static final String TEXT = "/v1/completions";
    static final int CONTEXT = 200;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    final FakeEngine engine = new FakeEngine();
    final WorkerServer server;

    Harness() {
        this(options());
    }

    Harness(WorkerOptions options) {
        this(options, Clock.SYSTEM);
    }

    Harness(WorkerOptions options, Clock clock) {
        ServedModel model = new ServedModel(
                List.of("tiny", "org/tiny"),
                "file:tiny",
                "0123456789ab",
                CONTEXT,
                Set.of(FakeLanguage.EOS),
                new FakeLanguage());
        server = new WorkerServer(engine, model, new PrometheusRegistry(), options, null, clock, new Random(7));
        server.start();
    }

    static WorkerOptions options() {
        return WorkerOptions.loopback(0);
    }

    HttpResponse<String> post(String path, String json) {
        return send(request(path).header("content-type", "application/json").POST(body(json)));
    }

    HttpResponse<String> get(String path) {
        return send(request(path).GET());
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
    }

    static HttpRequest.BodyPublisher body(String json) {
        return HttpRequest.BodyPublishers.ofString(json);
    }

    HttpResponse<String> send(HttpRequest.Builder request) {
        return send(CLIENT, request);
    }

    static HttpResponse<String> send(HttpClient client, HttpRequest.Builder request) {
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    /// A connection of which the test decides every byte.
    Socket socket() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        socket.setSoTimeout(20_000);
        return socket;
    }

    static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
    }

    /// All that comes until the server closes the connection.
    static String read(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /// A whole request as bytes.
    static String rawPost(String path, String json) {
        return "POST %s HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                .formatted(path, json.length(), json);
    }

    static JsonNode json(HttpResponse<String> response) {
        return json(response.body());
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException notJson) {
            throw new AssertionError("not JSON: " + text, notJson);
        }
    }

    static List<SseEvent> events(HttpResponse<String> response) {
        List<SseEvent> events = new ArrayList<>();
        SseParser parser = new SseParser(1 << 20, events::add);
        parser.feed(response.body().getBytes(StandardCharsets.UTF_8));
        assertThat(parser.isWithinEvent()).isFalse();
        return events;
    }

    /// The chunks of a stream that ended as it should.
    static List<JsonNode> chunks(HttpResponse<String> response) {
        List<SseEvent> events = events(response);
        assertThat(events.getLast().isDone()).isTrue();
        return events.subList(0, events.size() - 1).stream()
                .map(event -> json(event.data()))
                .toList();
    }

    /// Waits for what must come true, however slow the machine.
    static void eventually(BooleanSupplier condition) {
        long until = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > until) {
                throw new AssertionError("did not come true in 20 s");
            }
            pause();
        }
    }

    static void pause() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    /// Nothing is left behind, and the next request is answered.
    void assertNothingLeft() {
        eventually(() -> engine.live() == 0 && server.openRequests() == 0);
        engine.allow(1_000_000);
        engine.failWith(null);
        assertThat(post(TEXT, "{\"prompt\":\"next\",\"max_tokens\":2}").statusCode())
                .isEqualTo(200);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        try (Harness closing = this) {
            closing.assertNothingLeft();
        }
    }

    @Override
    public void close() {
        server.close();
        engine.close();
    }
}
