package io.llmserve.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// One real vLLM as a manifest starts it. It takes minutes, so all tests share it, and the last ones kill it.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@SuppressWarnings("NullAway.Init")
@EnabledIf(value = "io.llmserve.e2e.VllmInstallation#isThere", disabledReason = VllmInstallation.ABSENT)
class VllmIT {
    private static final String ROLE = "both";
    private static final int TOKENS = 120;

    private Path directory;
    private VllmInstallation vllm;
    private VllmServer server;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        directory = folder;
        vllm = VllmInstallation.find();
        server = VllmServer.start(folder, vllm, "{engine: vllm}");
    }

    @AfterAll
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    @Order(1)
    @ParameterizedTest
    @ValueSource(strings = {VllmServer.TEXT, VllmServer.CHAT, VllmServer.TOKENS})
    void answersAsVllmAlone(String path) throws Exception {
        VllmAnswers.areThoseOfVllmAlone(server, ROLE, path, CertainPrompts.shorter(path));
    }

    @Order(2)
    @Test
    void itsMetricsAreOnOurPage() throws Exception {
        ServerProcess up = server.process();
        assertThat(up.metric("llmserve_worker_up", "role=\"both\"")).isEqualTo(1);
        assertThat(up.metric("vllm:generation_tokens_total", "worker=\"%s\"".formatted(server.address(ROLE))))
                .isPositive();
        assertThat(up.metric("vllm:time_to_first_token_seconds_count", "model_name=\"tiny\""))
                .isPositive();
    }

    @Order(3)
    @Test
    void bothEnginesServeOneModelName() throws Exception {
        try (ServerProcess mixed = mixed()) {
            assertThat(mixed.metric("llmserve_worker_up")).isEqualTo(2);
            double before = mixed.metric("vllm:request_success_total");
            String body =
                    "{\"model\":\"tiny\",\"temperature\":0,\"max_tokens\":4,\"prompt\":\"The capital of France is\"}";
            for (int request = 0; request < 4; request++) {
                assertThat(mixed.post("/v1/completions", body.getBytes(StandardCharsets.UTF_8))
                                .body())
                        .contains("Paris");
            }
            assertThat(mixed.metric("vllm:request_success_total") - before)
                    .as("of four requests, those that the embedded engine answered")
                    .isEqualTo(2);
            assertThat(mixed.stop()).isZero();
        }
    }

    /// vLLM is killed, the client reads what it would have read, and vLLM is started again at its address.
    @Order(4)
    @Test
    void aStreamThatLosesItsVllmGoesOnAtTheEmbeddedEngine() throws Exception {
        String busy = "llmserve_worker_requests_in_flight";
        String address = server.address(ROLE);
        ProcessHandle killed = server.worker(ROLE);
        try (ServerProcess process = mixed()) {
            VllmServer mixed = new VllmServer(process);
            String body = mixed.body(VllmServer.TEXT, CertainPrompts.shorter(VllmServer.TEXT), TOKENS);
            StreamedAnswer whole = mixed.stream(VllmServer.TEXT, body, TOKENS, () -> {});
            StreamedAnswer disturbed = whole;
            // In turns, so that one of two is at vLLM.
            for (int turn = 0; turn < 2 && killed.isAlive(); turn++) {
                disturbed = mixed.stream(VllmServer.TEXT, body, TOKENS / 4, () -> {
                    if (process.metric(busy, address) > 0) {
                        server.kill(ROLE);
                    }
                });
            }
            assertThat(process.metric("llmserve_continued_streams_total")).isEqualTo(1);
            assertThat(disturbed).isEqualTo(whole);
            VllmAnswers.isWhole(disturbed, TOKENS);
        }
        server.awaitWorkers(0);
        server.awaitWorkers(1);
        assertThat(server.address(ROLE)).isEqualTo(address);
        Json again = server.ask(VllmServer.TEXT, server.body(VllmServer.TEXT, "Hello", 8));
        assertThat(again.at("/choices/0/token_ids").items()).hasSize(8);
    }

    @Order(5)
    @Test
    void noProcessOutlivesAServerThatIsKilled() throws Exception {
        List<ProcessHandle> all = Stream.concat(
                        Stream.of(server.worker(ROLE)), server.worker(ROLE).descendants())
                .toList();
        assertThat(all).as("vLLM is several processes").hasSizeGreaterThan(1);
        server.close();
        VllmServer.awaitEnd(all);
    }

    /// An embedded worker, and beside it the vLLM that runs already.
    private ServerProcess mixed() throws Exception {
        Path folder = Files.createTempDirectory(directory, "mixed");
        String routing = "routing: {policy: round_robin, workers: [{address: \"%s\"}]}".formatted(server.address(ROLE));
        ServerProcess mixed = ServerProcess.start(folder, vllm.model(), "in_flight: 8", List.of(routing));
        Eventually.holds("both are up", () -> mixed.metric("llmserve_worker_up") == 2);
        return mixed;
    }
}
