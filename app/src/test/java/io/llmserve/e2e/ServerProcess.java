package io.llmserve.e2e;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.DoublePredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// `llmserve up` as a process of its own, on free ports of loopback.
final class ServerProcess implements AutoCloseable {
    static final String KEY = "key-of-the-tests";
    static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration LONGEST_START = Duration.ofMinutes(3);
    private static final int STOP_SECONDS = 60;

    private final Process process;
    private final Path log;
    private final int port;
    private final int metricsPort;

    private ServerProcess(Process process, Path log, int port, int metricsPort) {
        this.process = process;
        this.log = log;
        this.port = port;
        this.metricsPort = metricsPort;
    }

    /// Starts it and returns when it is ready.
    ///
    /// @param directory for the manifest and the log
    /// @param model a model URI
    /// @param limits lines of `spec.server.limits`, as YAML flow entries
    static ServerProcess start(Path directory, String model, String limits) throws IOException, InterruptedException {
        return start(directory, model, limits, List.of());
    }

    /// @param sections further lines of `spec`, as YAML flow entries
    static ServerProcess start(Path directory, String model, String limits, List<String> sections)
            throws IOException, InterruptedException {
        return start(directory, model, limits, sections, LONGEST_START);
    }

    static ServerProcess start(
            Path directory, String model, String limits, List<String> sections, Duration longestStart)
            throws IOException, InterruptedException {
        int port = freePort();
        int metricsPort = freePort();
        Path manifest = directory.resolve("llmserve.yaml");
        Files.writeString(manifest, """
                apiVersion: v1
                kind: LLMServe
                metadata: {name: e2e}
                spec:
                  models: {primary: {id: "%s", served_name: tiny}}
                  kv_cache: {size: 64MiB}
                  server: {port: %d, metrics_port: %d, limits: {%s}}
                  security: {api_keys: [{tenant: tests, value: %s}]}
                %s
                """.formatted(model, port, metricsPort, limits, KEY, indented(sections)));
        Path log = directory.resolve("server.log");
        Process process = new ProcessBuilder(command(manifest))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        ServerProcess server = new ServerProcess(process, log, port, metricsPort);
        server.awaitReady(longestStart);
        return server;
    }

    private static String indented(List<String> sections) {
        return sections.stream().map(section -> "  " + section).collect(Collectors.joining("\n"));
    }

    private static List<String> command(Path manifest) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(List.of("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xmx512m"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.llmserve.app.Main"));
        command.addAll(List.of("up", "-f", manifest.toString()));
        return command;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void awaitReady(Duration longest) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + longest.toNanos();
        while (System.nanoTime() < deadline) {
            if (!process.isAlive()) {
                throw new IllegalStateException("llmserve ended with " + process.exitValue() + ":\n" + log());
            }
            try {
                if (get("/ready").statusCode() == 200) {
                    return;
                }
            } catch (IOException notYet) {
                // The port is not open yet.
            }
            Thread.sleep(50);
        }
        process.destroyForcibly();
        throw new IllegalStateException("llmserve was not ready within " + longest + ":\n" + log());
    }

    int port() {
        return port;
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path).GET().build());
    }

    HttpResponse<String> post(String path, byte[] body) throws IOException, InterruptedException {
        return send(request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build());
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url() + path)).header("Authorization", "Bearer " + KEY);
    }

    static HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /// The sum of a metric over its labels, as Prometheus would scrape it.
    double metric(String name) throws IOException, InterruptedException {
        return metric(name, "");
    }

    /// Over those samples that have this label, such as `role="decode"`.
    double metric(String name, String label) throws IOException, InterruptedException {
        String text = page();
        List<String> samples = text.lines()
                .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
                .filter(line -> line.contains(label))
                .toList();
        if (samples.isEmpty()) {
            throw new AssertionError("no metric " + name + " in:\n" + text);
        }
        return samples.stream()
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /// A sample of the metric with this label and such a value, as it is written, if there is one.
    Optional<String> sample(String name, String label, DoublePredicate value) throws IOException, InterruptedException {
        return page().lines()
                .filter(line -> line.startsWith(name + "{") && line.contains(label))
                .filter(line -> value.test(Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))))
                .findFirst();
    }

    private String page() throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + metricsPort + "/metrics"))
                        .GET()
                        .build())
                .body();
    }

    /// All that it started, and what they started.
    Stream<ProcessHandle> descendants() {
        return process.descendants();
    }

    /// What the operating system holds for the process: descriptors (sockets among them) and threads.
    Holdings holdings() throws IOException {
        Path directory = Path.of("/proc", Long.toString(process.pid()));
        List<String> targets = new ArrayList<>();
        try (Stream<Path> descriptors = Files.list(directory.resolve("fd"))) {
            for (Path descriptor : descriptors.toList()) {
                target(descriptor).ifPresent(targets::add);
            }
        }
        long sockets =
                targets.stream().filter(target -> target.startsWith("socket:")).count();
        try (Stream<Path> threads = Files.list(directory.resolve("task"))) {
            return new Holdings(targets.size(), (int) sockets, (int) threads.count());
        }
    }

    /// Empty where the descriptor was closed meanwhile.
    private static Optional<String> target(Path descriptor) throws IOException {
        try {
            return Optional.of(Files.readSymbolicLink(descriptor).toString());
        } catch (NoSuchFileException closed) {
            return Optional.empty();
        }
    }

    record Holdings(int descriptors, int sockets, int threads) {}

    String log() throws IOException {
        return Files.readString(log);
    }

    /// Asks it to stop as Ctrl-C does, and returns its exit code.
    int stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("llmserve did not stop within " + STOP_SECONDS + " s");
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
