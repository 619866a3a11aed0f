package io.llmserve.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
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

/// Two real vLLMs as a manifest starts them, one for prompts and one for tokens, which hand pages over by NixlConnector
/// through host memory. They take minutes, so all tests share them, and the last ones kill what they need.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@SuppressWarnings("NullAway.Init")
@EnabledIf(value = "io.llmserve.e2e.VllmInstallation#isThere", disabledReason = VllmInstallation.ABSENT)
class VllmPairIT {
    private static final int LONG_TOKENS = 600;
    private static final int TOKENS = 120;

    private VllmServer server;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        VllmInstallation vllm = VllmInstallation.find();
        server = VllmServer.start(folder, vllm, "{engine: vllm, disaggregated: true}");
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
        VllmAnswers.areThoseOfVllmAlone(server, "decode", path, CertainPrompts.shorter(path));
        VllmAnswers.areThoseOfVllmAlone(server, "decode", path, CertainPrompts.longer(path));
    }

    @Order(2)
    @Test
    void longPromptsCameFromThePrefillWorkerByNixl() throws Exception {
        ServerProcess up = server.process();
        String fetched = "source=\"external_kv_transfer\"";
        assertThat(up.metric("vllm:prompt_tokens_by_source_total", fetched))
                .as("prompt tokens that decode did not compute")
                .isGreaterThan(3 * LONG_TOKENS);
        assertThat(up.metric("vllm:nixl_bytes_transferred_sum")).isPositive();
        assertThat(up.metric("vllm:nixl_num_failed_transfers_total")).isZero();
        assertThat(up.metric("llmserve_routing_decisions_total", "decision=\"split\""))
                .isGreaterThanOrEqualTo(3);
        assertThat(up.metric("llmserve_worker_up")).isEqualTo(2);
    }

    /// The prefill worker goes on with it, as there is nobody else.
    @Order(3)
    @Test
    void aStreamThatLosesItsDecodeWorkerGoesOn() throws Exception {
        String path = VllmServer.CHAT;
        String body = server.body(path, CertainPrompts.shorter(path), TOKENS);
        StreamedAnswer whole = server.stream(path, body, TOKENS, () -> {});

        StreamedAnswer disturbed = server.stream(path, body, TOKENS / 4, () -> server.kill("decode"));

        assertThat(server.process().metric("llmserve_continued_streams_total")).isEqualTo(1);
        assertThat(disturbed).isEqualTo(whole);
        VllmAnswers.isWhole(disturbed, TOKENS);
        server.awaitWorkers(1);
        server.awaitWorkers(2);
    }

    @Order(4)
    @Test
    void anAnswerThatLosesItsPrefillWorkerIsRight() throws Exception {
        String path = VllmServer.TEXT;
        String body = server.body(path, "Now. " + CertainPrompts.longer(path), 24);
        String right =
                server.askAlone("decode", path, body).at("/choices/0/text").text();
        server.kill("prefill");
        assertThat(server.ask(path, body).at("/choices/0/text").text()).isEqualTo(right);
    }

    @Order(5)
    @Test
    void leavesNoProcess() throws Exception {
        List<ProcessHandle> all = server.process().descendants().toList();
        assertThat(all).hasSizeGreaterThan(2);
        assertThat(server.process().stop()).isZero();
        VllmServer.awaitEnd(all);
    }
}
