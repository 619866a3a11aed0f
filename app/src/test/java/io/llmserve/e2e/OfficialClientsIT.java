package io.llmserve.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.TinyModels;
import java.io.IOException;
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
        assertThat(printed.lines().filter(line -> line.startsWith("ok "))).hasSize(19);
    }

    @Test
    void theNodeClientWorksUnchanged() throws IOException, InterruptedException {
        String printed = ClientPackage.NODE.run("openai_client.mjs", server.url() + "/v1", ServerProcess.KEY, "tiny");
        assertThat(printed.lines().filter(line -> line.startsWith("ok "))).hasSize(8);
    }
}
