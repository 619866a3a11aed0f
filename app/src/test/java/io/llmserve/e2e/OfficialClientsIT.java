package io.llmserve.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Json;
import io.llmserve.testkit.TinyModels;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The official `openai` clients for Python and Node, unchanged, as users install them.
class OfficialClientsIT {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private static Path directory;

    @SuppressWarnings("NullAway.Init")
    private static ServerProcess server;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        server = ServerProcess.start(directory, "file:" + TinyModels.path("llama-tied.BF16"), "in_flight: 1, queue: 2");
    }

    @AfterAll
    static void stop() throws InterruptedException {
        try (ServerProcess closing = server) {
            assertThat(closing.stop())
                    .as("exit code after a stop was asked for")
                    .isZero();
        }
    }

    @Test
    void thePythonClientWorksUnchanged() throws IOException, InterruptedException {
        String printed = ClientPackage.PYTHON.run("openai_client.py", server.url() + "/v1", ServerProcess.KEY, "tiny");
        assertThat(printed.lines().filter(line -> line.startsWith("ok "))).hasSize(20);
    }

    /// Those that no client of OpenAI's knows.
    @Test
    void theOtherEndpointsAnswer() throws IOException, InterruptedException {
        assertThat(server.get("/health").statusCode()).isEqualTo(200);
        assertThat(server.get("/ready").statusCode()).isEqualTo(200);
        Json tokens =
                Json.parse(post("/tokenize", "{\"prompt\":\"the answer is\"}")).at("/tokens");
        String back = post("/detokenize", "{\"tokens\":" + tokens + "}");
        assertThat(Json.parse(back).at("/prompt").text()).isEqualTo("the answer is");
    }

    private static String post(String path, String json) throws IOException, InterruptedException {
        HttpResponse<String> answer = server.post(path, json.getBytes(StandardCharsets.UTF_8));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    @Test
    void theNodeClientWorksUnchanged() throws IOException, InterruptedException {
        String printed = ClientPackage.NODE.run("openai_client.mjs", server.url() + "/v1", ServerProcess.KEY, "tiny");
        assertThat(printed.lines().filter(line -> line.startsWith("ok "))).hasSize(8);
    }
}
