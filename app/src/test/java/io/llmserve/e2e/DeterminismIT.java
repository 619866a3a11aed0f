package io.llmserve.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Json;
import io.llmserve.testkit.TinyModels;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Through HTTP: what a request is answered depends on the request alone.
class DeterminismIT {
    private static final int REQUESTS = 24;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"llama-tied.BF16", "qwen2.Q4_0", "llama3-untied.Q8_0"})
    void theSameSeedGivesTheSameTextAloneAndUnderLoad(String model) throws Exception {
        try (ServerProcess server =
                ServerProcess.start(directory, "file:" + TinyModels.path(model), "in_flight: 64, queue: 64")) {
            Map<Integer, String> alone = new HashMap<>();
            for (int seed = 0; seed < REQUESTS; seed++) {
                alone.put(seed, ask(server, seed));
            }
            assertThat(alone.values()).as("different seeds, different texts").doesNotHaveDuplicates();
            for (int repetition = 0; repetition < 3; repetition++) {
                assertThat(together(server)).isEqualTo(alone);
            }
        }
    }

    private static Map<Integer, String> together(ServerProcess server) throws Exception {
        Map<Integer, String> texts = new HashMap<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> answers = new ArrayList<>();
            for (int seed = 0; seed < REQUESTS; seed++) {
                int own = seed;
                answers.add(executor.submit(() -> ask(server, own)));
            }
            for (int seed = 0; seed < REQUESTS; seed++) {
                texts.put(seed, answers.get(seed).get());
            }
        }
        return texts;
    }

    /// Prompts of different lengths, so that batches are of every shape.
    private static String ask(ServerProcess server, int seed) throws IOException, InterruptedException {
        String prompt = "the answer to question " + "and again ".repeat(seed % 7) + seed;
        String body =
                "{\"model\":\"tiny\",\"prompt\":\"%s\",\"seed\":%d,\"temperature\":0.9,\"top_p\":0.95,\"max_tokens\":%d,\"ignore_eos\":true}"
                        .formatted(prompt, seed, 40 + seed);
        HttpResponse<String> answer = server.post("/v1/completions", body.getBytes(StandardCharsets.UTF_8));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return Json.parse(answer.body()).at("/choices/0/text").text();
    }
}
