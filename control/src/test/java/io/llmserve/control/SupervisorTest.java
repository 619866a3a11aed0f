package io.llmserve.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.llmserve.core.Clock;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A real process, whose health check this test answers. The process tells its number through a named pipe,
/// which both sides wait for.
class SupervisorTest {
    private static final Supervisor.Options OPTIONS = new Supervisor.Options(
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ofSeconds(2),
            new Backoff(Duration.ofMillis(10), Duration.ofMillis(20), 0, Duration.ofMinutes(1)));

    @TempDir
    private Path folder;

    @SuppressWarnings("NullAway.Init")
    private HttpServer server;

    private volatile int status = 200;

    @BeforeEach
    void open() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/health", exchange -> {
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void close() {
        server.stop(0);
    }

    private Launch launch(String script) {
        URI health = URI.create(
                "http://127.0.0.1:%d/health".formatted(server.getAddress().getPort()));
        return new Launch("decode-0", List.of("/bin/sh", "-c", script), Map.of(), health);
    }

    @Test
    void startsAKilledWorkerAgainAndStopsItInTheEnd() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        ProcessHandle second;
        try (Supervisor supervisor =
                Supervisor.start(launch("echo $$ > " + pipe + "; exec sleep 600"), OPTIONS, Clock.SYSTEM)) {
            ProcessHandle first = process(pipe);
            supervisor.awaitReady();
            assertThat(supervisor.isReady()).isTrue();
            first.destroyForcibly();

            second = process(pipe);
            assertThat(second.pid()).isNotEqualTo(first.pid());
            assertThat(supervisor.starts()).isEqualTo(2);
            assertThat(first.isAlive()).isFalse();
        }
        second.onExit().get(60, TimeUnit.SECONDS);
    }

    @Test
    void namesTheReasonAndTheLastWordsOfAWorkerThatNeverStarts() {
        status = 503;
        try (Supervisor supervisor = Supervisor.start(
                launch("echo loading; echo '(Worker pid=7) ERROR 11-21 23:36:11 [core.py:9] no such model'; exit 3"),
                OPTIONS,
                Clock.SYSTEM)) {
            assertThatThrownBy(supervisor::awaitReady)
                    .isInstanceOf(ServeException.class)
                    .hasMessageContaining("worker decode-0 (/bin/sh) ended with exit code 3")
                    .hasMessageEndingWith(
                            "the end of what it printed:\n  loading\n  (Worker pid=7) ERROR 11-21 23:36:11 [core.py:9] no such model");
            assertThatThrownBy(supervisor::isReady).hasMessageContaining("ended with exit code 3");
            assertThat(supervisor.lastWords()).contains("no such model");
            assertThat(supervisor.starts()).isEqualTo(1);
        }
    }

    @Test
    void namesWhatIsMissingWhenTheDeadlinePasses() {
        status = 503;
        Supervisor.Options soon = new Supervisor.Options(
                Duration.ofMillis(1), Duration.ofMinutes(1), Duration.ofSeconds(2), Backoff.STANDARD);
        try (Supervisor supervisor = Supervisor.start(launch("exec sleep 600"), soon, Clock.SYSTEM)) {
            assertThatThrownBy(supervisor::awaitReady)
                    .hasMessageContaining("was not ready 1 ms after its start: http://127.0.0.1")
                    .hasMessageContaining("/health answers 503; it printed nothing");
        }
    }

    @Test
    void aStopEndsTheWaitForAStart() {
        status = 503;
        Supervisor supervisor = Supervisor.start(launch("exec sleep 600"), OPTIONS, Clock.SYSTEM);
        supervisor.close();
        assertThatThrownBy(supervisor::awaitReady).hasMessage("worker decode-0 was stopped");
    }

    private static ProcessHandle process(Path pipe) throws IOException {
        return ProcessHandle.of(Long.parseLong(Files.readString(pipe).strip())).orElseThrow();
    }
}
