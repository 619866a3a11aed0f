package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A worker on a loopback port that does what a test's script says, down to the byte. It answers `/health` and
/// `/v1/models` itself. One virtual thread per connection.
final class FakeWorker implements AutoCloseable {
    /// A request as it came. Header names are in lower case.
    record Received(String method, String uri, Map<String, String> headers, String body) {}

    /// Writes an answer. Whatever it throws, or a return of false, closes the connection at once.
    interface Script {
        boolean answer(Received request, Wire wire) throws IOException, InterruptedException;

        default boolean answerUninterrupted(Received request, Wire wire) throws IOException {
            try {
                return answer(request, wire);
            } catch (InterruptedException nobodyDoes) {
                throw new IllegalStateException(nobodyDoes);
            }
        }
    }

    final List<Received> received = new CopyOnWriteArrayList<>();
    /// Answers under way.
    final AtomicInteger busy = new AtomicInteger();
    /// Answers during which the gateway closed the connection.
    final AtomicInteger abandoned = new AtomicInteger();

    private final ServerSocket server;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final List<String> models;
    private volatile Script script;
    private volatile boolean healthy = true;
    private volatile String owner = "";

    FakeWorker(Script script, String... models) throws IOException {
        this(0, script, models);
    }

    FakeWorker(int port, Script script, String... models) throws IOException {
        this.script = script;
        this.models = models.length == 0 ? List.of("m") : List.of(models);
        server = new ServerSocket(port, 4096, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    HostPort endpoint() {
        return new HostPort("127.0.0.1", server.getLocalPort());
    }

    void script(Script changed) {
        script = changed;
    }

    /// Who owns its models: `llmserve` for an embedded engine, `vllm` for vLLM.
    FakeWorker owner(String changed) {
        owner = changed;
        return this;
    }

    void healthy(boolean changed) {
        healthy = changed;
    }

    int openConnections() {
        return connections.size();
    }

    /// Dies: nothing listens any more, every connection ends.
    void vanish() throws IOException {
        close();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : connections) {
            socket.close();
        }
    }

    /// An answer of one JSON document.
    static Script json(int status, String body) {
        return (request, wire) -> {
            wire.send("HTTP/1.1 " + status + " X\r\ncontent-type: application/json\r\ncontent-length: "
                    + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body);
            return true;
        };
    }

    /// Events `{"i":0}` and so on, each in a chunk of its own, and `[DONE]`.
    static Script stream(int events, long gapMillis) {
        return (request, wire) -> {
            wire.beginStream();
            for (int i = 0; i < events; i++) {
                wire.chunk("data: {\"i\":" + i + "}\n\n");
                Thread.sleep(gapMillis);
            }
            wire.chunk("data: [DONE]\n\n");
            wire.endStream();
            return true;
        };
    }

    /// Takes the request and never answers.
    static boolean hang(Wire wire) throws IOException {
        wire.waitForClose();
        return false;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                socket.setTcpNoDelay(true);
                connections.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            Wire wire = new Wire(socket);
            Received request = wire.read();
            while (request != null && answer(request, wire)) {
                request = wire.read();
            }
        } catch (IOException gone) {
            // The gateway closed the connection: counted in answer().
        } finally {
            connections.remove(socket);
        }
    }

    private boolean answer(Received request, Wire wire) throws IOException {
        if (request.uri().equals("/health")) {
            return json(healthy ? 200 : 503, "").answerUninterrupted(request, wire);
        }
        if (request.uri().equals("/v1/models")) {
            return json(200, modelList()).answerUninterrupted(request, wire);
        }
        received.add(request);
        busy.incrementAndGet();
        try {
            return script.answerUninterrupted(request, wire);
        } catch (IOException gone) {
            abandoned.incrementAndGet();
            throw gone;
        } finally {
            busy.decrementAndGet();
        }
    }

    private String modelList() {
        List<String> objects = models.stream()
                .map(id -> "{\"id\":\"" + id + "\",\"object\":\"model\""
                        + (owner.isEmpty() ? "" : ",\"owned_by\":\"" + owner + "\"") + "}")
                .toList();
        return "{\"object\":\"list\",\"data\":[" + String.join(",", objects) + "]}";
    }

    /// One connection, bytes as they are.
    static final class Wire {
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;

        Wire(Socket socket) throws IOException {
            this.socket = socket;
            in = new BufferedInputStream(socket.getInputStream());
            out = socket.getOutputStream();
        }

        void send(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        }

        void beginStream() throws IOException {
            send(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n");
        }

        void chunk(String text) throws IOException {
            int length = text.getBytes(StandardCharsets.UTF_8).length;
            send(Integer.toHexString(length) + "\r\n" + text + "\r\n");
        }

        void endStream() throws IOException {
            send("0\r\n\r\n");
        }

        /// Returns when the gateway closes the connection, by throwing.
        void waitForClose() throws IOException {
            while (in.read() >= 0) {
                // Bytes that nobody asked for.
            }
            throw new IOException("closed");
        }

        /// The connection ends with a reset instead of an orderly end.
        void resetOnClose() throws IOException {
            socket.setSoLinger(true, 0);
        }

        @Nullable
        Received read() throws IOException {
            String first = line();
            if (first == null || first.isEmpty()) {
                return null;
            }
            Map<String, String> headers = new TreeMap<>();
            for (String line = line(); line != null && !line.isEmpty(); line = line()) {
                int colon = line.indexOf(':');
                headers.put(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
            int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
            String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
            String[] words = first.split(" ", -1);
            return new Received(words[0], words[1], headers, body);
        }

        private @Nullable String line() throws IOException {
            StringBuilder line = new StringBuilder();
            int b = in.read();
            while (b >= 0 && b != '\n') {
                if (b != '\r') {
                    line.append((char) b);
                }
                b = in.read();
            }
            return b < 0 ? null : line.toString();
        }
    }
}
