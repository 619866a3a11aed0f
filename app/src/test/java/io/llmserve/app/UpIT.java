package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.llmserve.app.Distribution.Ended;
import io.llmserve.testkit.TinyModels;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `llmserve up` as its users meet it.
class UpIT {
    private static final String MODEL = "file:" + TinyModels.path("llama3-untied.Q8_0");

    @TempDir
    private Path home;

    private final HttpClient client = HttpClient.newHttpClient();
    private Distribution llmserve = new Distribution(Path.of(""), Path.of(""));

    @BeforeEach
    void findDistribution() throws IOException {
        llmserve = new Distribution(Distribution.folder().resolve("bin").resolve("llmserve"), home);
    }

    @AfterEach
    void closeClient() {
        client.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void answersStreamsCountsAndEndsTidily(String signal) throws Exception {
        assumeSignalIsNotIgnored(signal);
        int port = Distribution.freePort();
        int metricsPort = Distribution.freePort();
        Process process = llmserve.start(
                "up", "--model", MODEL, "--port", "" + port, "--metrics-port", "" + metricsPort, "--threads", "1");
        try (BufferedReader output = process.inputReader()) {
            assertThat(Distribution.awaitReady(output))
                    .contains(
                            "http://127.0.0.1:" + port + "/v1",
                            "http://127.0.0.1:" + metricsPort + "/metrics",
                            "curl -N");

            HttpResponse<String> whole = chat(port, "\"max_tokens\": 5, \"ignore_eos\": true");
            assertThat(whole.statusCode()).as(whole.body()).isEqualTo(200);
            assertThat(whole.body()).contains("\"completion_tokens\":5");
            HttpResponse<String> streamed = chat(port, "\"max_tokens\": 5, \"stream\": true");
            assertThat(streamed.body()).startsWith("data: {").endsWith("data: [DONE]\n\n");
            assertThat(get("http://127.0.0.1:" + metricsPort + "/metrics").body())
                    .contains("vllm:generation_tokens_total", "llmserve_requests_total");
            assertThat(llmserve.run("status").output()).contains("ready      yes", ":" + port + "/v1", MODEL);

            signal(process, signal);
            assertThat(Distribution.end(process)).isZero();
            assertThat(output.readLine()).isEqualTo("Stopped.");
        } finally {
            process.destroyForcibly();
        }
        assertThat(llmserve.run("status").exitCode()).isEqualTo(1);
    }

    /// As the banner has it, in a shell.
    @Test
    void theCommandToPasteStreamsAnAnswer() throws Exception {
        Process curl = new ProcessBuilder("sh", "-c", "command -v curl").start();
        assumeThat(Distribution.end(curl)).as("curl is installed").isZero();
        Process process = llmserve.start(
                "up",
                "--model",
                MODEL,
                "--port",
                "" + Distribution.freePort(),
                "--metrics-port",
                "" + Distribution.freePort());
        try (BufferedReader output = process.inputReader()) {
            String said = Distribution.awaitReady(output);
            String pasted = said.substring(said.indexOf("curl -N"), said.indexOf("\n\nCtrl-C"));
            Ended answer = llmserve.shell(pasted + " --silent --fail --max-time 120");

            assertThat(answer.exitCode()).as(answer.output()).isZero();
            assertThat(answer.output())
                    .startsWith("data: {")
                    .contains("chat.completion.chunk")
                    .endsWith("data: [DONE]\n\n");
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void finishesARunningAnswerBeforeItEnds() throws Exception {
        int port = Distribution.freePort();
        Process process = llmserve.start(
                "up", "-m", MODEL, "-p", "" + port, "--metrics-port", "" + Distribution.freePort(), "-t", "1");
        try (BufferedReader output = process.inputReader()) {
            Distribution.awaitReady(output);
            HttpRequest request = chatRequest(port, "\"max_tokens\": 200, \"ignore_eos\": true, \"stream\": true");
            HttpResponse<java.io.InputStream> answer = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            answer.body().read();
            signal(process, "TERM");

            assertThat(new String(answer.body().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
                    .endsWith("data: [DONE]\n\n")
                    .contains("\"finish_reason\":\"length\"");
            assertThat(Distribution.end(process)).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void saysThatAPortIsBusyBeforeItFetchesAnything() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Ended ended = llmserve.run("up", "--port", "" + taken.getLocalPort());

            assertFailed(
                    ended,
                    1,
                    "port %d is in use by another program; stop it or use --port".formatted(taken.getLocalPort()));
            assertThat(home.resolve("cache")).doesNotExist();
        }
    }

    @Test
    void namesADamagedModel() throws Exception {
        byte[] whole = Files.readAllBytes(TinyModels.path("llama-tied.BF16"));
        Path damaged = Files.write(home.resolve("damaged.gguf"), Arrays.copyOf(whole, whole.length / 2));

        assertFailed(upOnFreePorts("--model", "file:" + damaged), 1, "damaged.gguf");
    }

    @Test
    void namesAMissingModel() throws Exception {
        assertFailed(upOnFreePorts("--model", "file:" + home.resolve("absent.gguf")), 1, "absent.gguf");
    }

    @Test
    void namesAModelThatCannotBeRead() throws Exception {
        Path empty = Files.createDirectory(home.resolve("no-model-here"));
        assertFailed(upOnFreePorts("--model", "file:" + empty), 1, "no-model-here");
        Path closed = Files.copy(TinyModels.path("llama-tied.BF16"), home.resolve("closed.gguf"));
        assertThat(closed.toFile().setReadable(false, false)).isTrue();
        assumeThat(Files.isReadable(closed)).as("this user reads everything").isFalse();
        assertFailed(upOnFreePorts("--model", "file:" + closed), 1, "closed.gguf");
    }

    @Test
    void namesTheFieldThatAManifestMustNotHave() throws Exception {
        Path file = Files.writeString(
                home.resolve("m.yaml"), "apiVersion: v1\nkind: LLMServe\nspec:\n  server:\n    prot: 1\n");

        assertFailed(
                llmserve.run("up", "-f", file.toString()),
                2,
                "m.yaml:5:5: spec.server.prot: unknown field; allowed: host,");
    }

    @Test
    void refusesAKvCacheThatTheMachineCannotHold() throws Exception {
        assertFailed(upOnFreePorts("--model", MODEL, "--kv-size", "16384GiB"), 1, "memory");
    }

    /// Though each of them alone may find room.
    @ParameterizedTest
    @ValueSource(strings = {"--prefill=1 --decode=1", "--prefill=1 --decode=1 --isolate"})
    void refusesKvCachesThatTheMachineCannotHoldTogether(String fleet) throws Exception {
        String[] options = ("--model " + MODEL + " --kv-size 8192GiB " + fleet).split(" ");
        assertFailed(upOnFreePorts(options), 1, "a KV cache of 8,388,608 MB for each of 2 workers");
    }

    @Test
    void runsUnpackedThroughASymbolicLinkFromAFolderWithBlanks() throws Exception {
        Path folder = Files.createDirectory(home.resolve("a b"));
        Process tar = new ProcessBuilder("tar", "xzf", Distribution.archive().toString(), "-C", folder.toString())
                .inheritIO()
                .start();
        assertThat(Distribution.end(tar)).isZero();
        Path launcher = folder.resolve(Distribution.folder().getFileName()).resolve("bin/llmserve");
        Path link = Files.createSymbolicLink(home.resolve("my llmserve"), launcher);

        Ended ended = new Distribution(link, home).run("version");
        assertThat(ended.exitCode()).as(ended.output()).isZero();
        assertThat(ended.output()).contains("llmserve ").contains("Java");
    }

    private Ended upOnFreePorts(String... more) throws IOException, InterruptedException {
        String[] ports = {"up", "--port", "" + Distribution.freePort(), "--metrics-port", "" + Distribution.freePort()};
        String[] all = Arrays.copyOf(ports, ports.length + more.length);
        System.arraycopy(more, 0, all, ports.length, more.length);
        return llmserve.run(all);
    }

    private static void assertFailed(Ended ended, int exitCode, String sentence) {
        assertThat(ended.exitCode()).as(ended.output()).isEqualTo(exitCode);
        assertThat(ended.output()).contains(sentence).contains("llmserve: ").doesNotContain("\tat ");
    }

    private HttpResponse<String> chat(int port, String fields) throws IOException, InterruptedException {
        return client.send(chatRequest(port, fields), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest chatRequest(int port, String fields) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/chat/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], " + fields + "}"))
                .build();
    }

    private HttpResponse<String> get(String uri) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create(uri)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static void signal(Process process, String signal) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
        assertThat(Distribution.end(kill)).isZero();
    }

    /// A build in the background of a script has SIGINT ignored, and so have all its children.
    private static void assumeSignalIsNotIgnored(String signal) throws IOException {
        Path status = Path.of("/proc/self/status");
        if (signal.equals("INT") && Files.exists(status)) {
            String ignored = Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith("SigIgn:"))
                    .findFirst()
                    .orElse("SigIgn: 0");
            long mask =
                    Long.parseUnsignedLong(ignored.substring("SigIgn:".length()).strip(), 16);
            assumeThat(mask & 2).as("SIGINT is ignored here").isZero();
        }
    }
}
