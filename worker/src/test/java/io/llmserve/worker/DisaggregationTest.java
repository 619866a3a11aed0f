package io.llmserve.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.core.BlockHash;
import io.llmserve.engine.EngineFactory;
import io.llmserve.engine.ExportedPrompt;
import io.llmserve.transfer.TransferOptions;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.worker.kv.KvOptions;
import io.llmserve.worker.kv.KvOptions.OnFailure;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Two workers in one process, over loopback, in vLLM's protocol: what they say together is what one says alone,
/// and no page stays behind.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DisaggregationTest {
    private static final String TEXT = "/v1/completions";
    private static final String KEEP = ",\"max_tokens\":1,\"kv_transfer_params\":{\"do_remote_decode\":true}}";
    private static final KvOptions OPTIONS = KvOptions.loopback(0)
            .with(TransferOptions.DEFAULT
                    .withEngineOrder(EngineKind.SHM)
                    .withTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(20)));

    private final EngineFactory factory = KvWorker.factory();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<KvWorker> workers = new ArrayList<>();

    @AfterEach
    void nothingIsHeld() {
        List<KvWorker> started = List.copyOf(workers);
        workers.clear();
        try {
            started.forEach(KvWorker::assertNothingHeld);
        } finally {
            started.forEach(KvWorker::close);
        }
    }

    @AfterAll
    void close() {
        factory.close();
        client.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\"temperature\":0", "\"temperature\":0.9,\"seed\":7,\"top_p\":0.95,\"presence_penalty\":0.5"})
    void saysWhatOneWorkerSays(String sampling) {
        KvWorker prefill = start(OPTIONS);
        KvWorker decode = start(OPTIONS);
        KvWorker alone = start(OPTIONS);
        for (int tokens : new int[] {1, 16, 17, 100, 200}) {
            String body = body(tokens, sampling);
            JsonNode params = keep(prefill, "r" + tokens, body).path("kv_transfer_params");
            assertThat(params.path("remote_num_tokens").intValue()).isEqualTo(tokens);
            assertThat(params.at("/remote_block_ids/0").size()).isEqualTo((tokens - 1) / 16);
            JsonNode apart = KvWorker.ok(decode.post(
                    client, TEXT, "r" + tokens, body + ",\"max_tokens\":24,\"kv_transfer_params\":" + params + "}"));
            JsonNode whole = KvWorker.ok(alone.post(client, TEXT, "r" + tokens, body + ",\"max_tokens\":24}"));
            assertThat(apart.path("choices")).isEqualTo(whole.path("choices"));
            assertThat(apart.at("/usage/completion_tokens")).isEqualTo(whole.at("/usage/completion_tokens"));
            assertThat(apart.path("kv_transfer_params").isNull()).isTrue();
        }
        assertThat(decode.engine.statistics().handovers().importedPages()).isEqualTo(1 + 6 + 12);
        assertThat(prefill.engine.statistics().handovers().expiredExports()).isZero();
    }

    @Test
    void speaksOnAllEndpoints() {
        KvWorker prefill = start(OPTIONS);
        KvWorker decode = start(OPTIONS);
        KvWorker alone = start(OPTIONS);
        String chat = "{\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],\"temperature\":0,\"ignore_eos\":true"
                .formatted("tell me a story ".repeat(5));
        String tokens =
                "{\"token_ids\":%s,\"sampling_params\":{\"temperature\":0,\"ignore_eos\":true,\"max_tokens\":%d}";
        String prompt = Arrays.toString(prompt(70));
        String[][] hops = {
            {"/v1/chat/completions", chat + ",\"max_completion_tokens\":1", chat + ",\"max_completion_tokens\":9"},
            {"/inference/v1/generate", tokens.formatted(prompt, 1), tokens.formatted(prompt, 9)}
        };
        for (String[] hop : hops) {
            JsonNode params = KvWorker.ok(prefill.post(
                            client, hop[0], "id", hop[1] + ",\"kv_transfer_params\":{\"do_remote_decode\":true}}"))
                    .path("kv_transfer_params");
            JsonNode apart =
                    KvWorker.ok(decode.post(client, hop[0], "id", hop[2] + ",\"kv_transfer_params\":" + params + "}"));
            assertThat(apart.path("choices"))
                    .isEqualTo(KvWorker.ok(alone.post(client, hop[0], "id", hop[2] + "}"))
                            .path("choices"));
        }
        assertThat(decode.engine.statistics().handovers().failedImports()).isZero();
        assertThat(decode.engine.statistics().handovers().importedPages()).isGreaterThan(4);
    }

    @Test
    void aSecondHopThatComesFirstWaitsForTheFirst() {
        KvWorker prefill = start(OPTIONS);
        KvWorker decode = start(OPTIONS);
        String body = body(100, "\"temperature\":0,\"max_tokens\":9");
        CompletableFuture<HttpResponse<String>> second =
                decode.later(client, TEXT, "r", body + ",\"kv_transfer_params\":" + prefill.early("r") + "}");
        Harness.eventually(() -> prefill.kv.connected() == 1);
        keep(prefill, "r", body(100, "\"temperature\":0"));

        assertThat(KvWorker.ok(second.join()).path("choices")).isEqualTo(alone(body));
        assertThat(decode.engine.statistics().handovers().importedPages()).isEqualTo(6);
    }

    @Test
    void pagesFlowWhilePrefillRuns() {
        KvWorker prefill = start(OPTIONS);
        KvWorker.Steps steps = prefill.steps();
        CompletableFuture<HttpResponse<String>> first =
                prefill.later(client, TEXT, "r", body(200, "\"temperature\":0") + KEEP);
        Harness.eventually(() -> prefill.engine.statistics().now().waiting() > 0);
        ExportedPrompt reader = prefill.engine.exports().open("r").orElseThrow();
        int ready = 0;
        for (int step = 0; ready < 4; step++) {
            assertThat(step).isLessThan(5);
            steps.one();
            ready = readyPages(reader);
        }
        assertThat(ready).as("pages that are ready while the engine is held").isEqualTo(4);
        BlockHash hash = reader.hash(3);
        assertThat(first).isNotDone();
        steps.all();
        KvWorker.ok(first.join());
        assertThat(readyPages(reader)).isEqualTo(12);
        assertThat(reader.hash(3)).isEqualTo(hash);
        reader.done();
        reader.close();
    }

    @ParameterizedTest
    @CsvSource({"unreachable", "other engine", "unknown request", "other model", "too late"})
    void recomputesOrSaysWhyWhereNoPagesCome(String fault) {
        KvWorker prefill =
                start(OPTIONS.with(OPTIONS.transfer().withTimeouts(Duration.ofSeconds(20), Duration.ofMillis(50))));
        KvOptions patience = fault.equals("too late") ? OPTIONS.with(Duration.ofMillis(100)) : OPTIONS;
        if (fault.equals("too late")) {
            prefill = start(OPTIONS);
        }
        String model = fault.equals("other model") ? "another model" : "the same model";
        KvWorker recomputes = start(new KvWorker(factory, patience, model));
        KvWorker fails = start(new KvWorker(factory, patience.with(OnFailure.FAIL), model));
        String params = prefill.early("r");
        switch (fault) {
            case "unreachable" -> params = params.replaceAll("\"remote_port\":\\d+", "\"remote_port\":1");
            case "other engine" -> params = params.replace(prefill.kv.engineId(), "a former life");
            default -> {}
        }
        String body = body(100, "\"temperature\":0,\"max_tokens\":9");
        String second = body + ",\"kv_transfer_params\":" + params + "}";

        assertThat(KvWorker.ok(recomputes.post(client, TEXT, "r", second)).path("choices"))
                .isEqualTo(alone(body));
        HttpResponse<String> failed = fails.post(client, TEXT, "r", second);
        assertThat(failed.statusCode()).as(failed.body()).isIn(502, 503, 504);
        assertThat(Harness.json(failed).at("/error/message").textValue())
                .startsWith("The pages of r could not be fetched from 127.0.0.1:");
        assertThat(fails.engine.statistics().handovers().failedImports()).isEqualTo(1);
    }

    @Test
    void recomputesWherePrefillIsCancelledWhileDecodeWaits() throws Exception {
        KvWorker prefill = start(OPTIONS);
        KvWorker decode = start(OPTIONS);
        KvWorker.Steps steps = prefill.steps();
        String body = body(200, "\"temperature\":0,\"max_tokens\":5");
        CompletableFuture<HttpResponse<String>> second;
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), prefill.server.port())) {
            Harness.write(socket, raw("r", body(200, "\"temperature\":0") + KEEP));
            Harness.eventually(() -> prefill.engine.statistics().now().waiting() > 0);
            second = decode.later(client, TEXT, "r", body + ",\"kv_transfer_params\":" + prefill.early("r") + "}");
            Harness.eventually(() -> prefill.kv.connected() == 1);
            steps.one();
        }
        steps.all();

        assertThat(KvWorker.ok(second.join()).path("choices")).isEqualTo(alone(body));
        prefill.assertNothingHeld();
    }

    @Test
    void aDecodeThatIsAbortedBeforeItHadRoomFreesThePages() throws Exception {
        KvWorker prefill = start(OPTIONS);
        KvWorker decode = start(OPTIONS);
        JsonNode params = keep(prefill, "r", body(100, "\"temperature\":0")).path("kv_transfer_params");
        assertThat(prefill.engine.statistics().handovers().exports()).isEqualTo(1);
        KvWorker.Steps steps = decode.steps();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), decode.server.port())) {
            Harness.write(socket, raw("r", body(100, "\"max_tokens\":9") + ",\"kv_transfer_params\":" + params + "}"));
            Harness.eventually(() -> decode.engine.statistics().now().waiting() > 0);
        }
        Harness.eventually(() -> prefill.engine.statistics().handovers().exports() == 0 || released(steps));

        assertThat(prefill.engine.statistics().handovers().expiredExports()).isZero();
        steps.all();
    }

    @Test
    void aDecodeThatHasAllTellsPrefillBeforeItsRequestCame() throws Exception {
        KvWorker prefill = start(OPTIONS);
        KvWorker decode = start(OPTIONS);
        String body = body(100, "\"temperature\":0");
        KvWorker.ok(decode.post(client, TEXT, "first", body + ",\"max_tokens\":2}"));

        KvWorker.ok(decode.post(
                client, TEXT, "r", body + ",\"max_tokens\":2,\"kv_transfer_params\":" + prefill.early("r") + "}"));
        Harness.eventually(() -> prefill.kv.connected() == 0);
        keep(prefill, "r", body);

        Harness.eventually(() -> prefill.engine.statistics().now().usedPages() == 0);
        assertThat(prefill.engine.statistics().handovers().expiredExports()).isZero();
    }

    @Test
    void countsWhatItMoved() throws Exception {
        KvWorker prefill = start(OPTIONS);
        KvWorker decode = start(OPTIONS);
        String body = body(100, "\"temperature\":0");
        JsonNode params = keep(prefill, "r", body).path("kv_transfer_params");
        KvWorker.ok(decode.post(client, TEXT, "r", body + ",\"max_tokens\":2,\"kv_transfer_params\":" + params + "}"));
        decode.post(
                client,
                TEXT,
                "s",
                body(90, "\"max_tokens\":2") + ",\"kv_transfer_params\":"
                        + prefill.early("s").replace(prefill.kv.engineId(), "gone") + "}");

        assertThat(decode.metrics(client))
                .contains("llmserve_kv_transfer_engine_chosen_total{engine=\"shm\",model_name=\"tiny\"} 1.0")
                .contains("llmserve_kv_transfer_seconds_count{engine=\"shm\",model_name=\"tiny\",side=\"receiver\"} 1")
                .contains("vllm:nixl_num_descriptors_sum{engine=\"0\",model_name=\"tiny\"} 6.0")
                .contains("vllm:nixl_num_failed_transfers_total{engine=\"0\",model_name=\"tiny\"} 1.0")
                .contains("reason=\"wrong_engine\",side=\"receiver\"} 1.0")
                .contains("llmserve_kv_imported_pages_total{model_name=\"tiny\"} 6.0");
        assertThat(prefill.metrics(client)).contains("llmserve_kv_exported_pages_total{model_name=\"tiny\"} 6.0");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "prompt":[1],"kv_transfer_params":{"do_remote_prefill":true,"remote_engine_id":"e","remote_request_id":"r","remote_port":1} | kv_transfer_params.remote_host
            "prompt":[1],"kv_transfer_params":{"do_remote_prefill":true,"remote_host":7} | kv_transfer_params.remote_host
            "prompt":[1],"kv_transfer_params":7                                          | kv_transfer_params
            "prompt":[[1],[2]],"kv_transfer_params":{"do_remote_decode":true}            | kv_transfer_params
            "prompt":[1],"stream":true,"kv_transfer_params":{"do_remote_decode":true}    | kv_transfer_params.do_remote_decode
            """)
    void refusesAtOnceWhatCannotBeMeant(String fields, String field) {
        HttpResponse<String> refused = start(OPTIONS).post(client, TEXT, "r", "{" + fields + "}");

        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
        assertThat(Harness.json(refused).at("/error/param").textValue()).isEqualTo(field);
    }

    private static boolean released(KvWorker.Steps steps) {
        steps.all();
        return false;
    }

    private static int readyPages(ExportedPrompt prompt) {
        try {
            return prompt.awaitReady(prompt.pages(), 0);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private KvWorker start(KvOptions options) {
        return start(new KvWorker(factory, options));
    }

    private KvWorker start(KvWorker worker) {
        workers.add(worker);
        return worker;
    }

    private JsonNode keep(KvWorker prefill, String id, String body) {
        return KvWorker.ok(prefill.post(client, TEXT, id, body + KEEP));
    }

    /// The choices of a worker that does all itself.
    private JsonNode alone(String body) {
        try (KvWorker worker = new KvWorker(factory, OPTIONS)) {
            JsonNode answer = KvWorker.ok(worker.post(client, TEXT, "alone", body + "}"));
            return answer.path("choices");
        }
    }

    /// Without its closing brace.
    private static String body(int promptTokens, String more) {
        return "{\"prompt\":%s,\"return_token_ids\":true,\"ignore_eos\":true,%s"
                .formatted(Arrays.toString(prompt(promptTokens)), more);
    }

    private static int[] prompt(int tokens) {
        return new Random(tokens).ints(tokens, 0, 120).toArray();
    }

    private static String raw(String id, String json) {
        return "POST %s HTTP/1.1\r\nhost: x\r\nx-request-id: %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                .formatted(TEXT, id, json.length(), json);
    }
}
