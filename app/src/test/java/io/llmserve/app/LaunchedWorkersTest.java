package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.control.Launch;
import io.llmserve.control.PlannedWorker;
import io.llmserve.control.Supervisor;
import io.llmserve.core.Clock;
import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LaunchedWorkersTest {
    /// Nobody listens on port 1, so that it is never well.
    private static PlannedWorker worker(String name, String script) {
        HostPort http = new HostPort("127.0.0.1", 1);
        URI health = URI.create("http://" + http + "/health");
        return new PlannedWorker(
                WorkerRole.BOTH, new Launch(name, List.of("/bin/sh", "-c", script), Map.of(), health), http);
    }

    @Test
    void tellsOfAWorkerThatFailsWhileOthersStillStart() {
        ProgressLine progress = new ProgressLine(
                new Terminal(new PrintStream(OutputStream.nullOutputStream()), true, false, 80), Clock.SYSTEM);
        List<PlannedWorker> planned =
                List.of(worker("decode-0", "exec sleep 600"), worker("decode-1", "echo 'no such flag'; exit 2"));
        try (LaunchedWorkers workers =
                new LaunchedWorkers(planned, Supervisor.Options.standard(Duration.ofMinutes(10)))) {
            assertThat(workers.size()).isEqualTo(2);
            assertThatThrownBy(() -> workers.awaitReady(progress))
                    .isInstanceOf(ServeException.class)
                    .hasMessageContaining("worker decode-1 (/bin/sh) ended with exit code 2")
                    .hasMessageEndingWith("no such flag");
        }
    }
}
