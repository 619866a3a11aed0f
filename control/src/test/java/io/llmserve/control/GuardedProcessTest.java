package io.llmserve.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real processes; each test waits for what it names.
class GuardedProcessTest {
    private static final Duration GRACE = Duration.ofSeconds(2);
    private static final int PATIENCE_SECONDS = 60;

    private final BlockingQueue<String> printed = new LinkedBlockingQueue<>();

    private GuardedProcess start(String script) {
        Launch launch = new Launch(
                "test", List.of("/bin/sh", "-c", script), Map.of("GREETING", "hello"), URI.create("http://x"));
        return GuardedProcess.start(launch, GRACE, printed::add);
    }

    private String nextLine() throws InterruptedException {
        @Nullable String line = printed.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(line).as("a line of output").isNotNull();
        return String.valueOf(line);
    }

    private static void awaitGone(long processId) throws Exception {
        var handle = ProcessHandle.of(processId);
        if (handle.isPresent()) {
            handle.get().onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    @Test
    void forwardsOutputAndTheExitCode() throws Exception {
        GuardedProcess process = start("echo $GREETING; echo error >&2; exit 7");

        assertThat(List.of(nextLine(), nextLine())).containsExactly("hello", "error");
        process.await(Duration.ofSeconds(PATIENCE_SECONDS));
        assertThat(process.exitCode()).hasValue(7);
        process.stop();
    }

    @Test
    void stoppingLetsTheCommandTidyUp() throws Exception {
        GuardedProcess process = start("trap 'echo tidy; exit 0' TERM; echo up; while :; do sleep 0.05; done");
        assertThat(nextLine()).isEqualTo("up");

        process.stop();
        assertThat(nextLine()).isEqualTo("tidy");
        assertThat(process.exitCode()).hasValue(0);
    }

    @Test
    void stoppingKillsWhatIgnoresItAndWhatItStarted() throws Exception {
        GuardedProcess process = start("trap '' TERM; sleep 600 & echo $!; echo $$; while :; do sleep 0.05; done");
        long child = Long.parseLong(nextLine());
        long command = Long.parseLong(nextLine());

        process.stop();
        assertThat(process.exitCode()).isPresent();
        awaitGone(command);
        awaitGone(child);
    }

    @Test
    void leavesNothingBehindWhenTheCommandIsKilled() throws Exception {
        GuardedProcess process = start("sleep 600 & echo $!; kill -9 $$");
        long child = Long.parseLong(nextLine());

        process.await(Duration.ofSeconds(PATIENCE_SECONDS));
        assertThat(process.exitCode()).hasValue(137);
        awaitGone(child);
        process.stop();
    }

    /// As when this process is killed: the other end of the guard's input closes, and nobody says or does
    /// anything.
    @Test
    void endsWhenWhoeverHoldsTheOtherEndIsKilled(@TempDir Path folder) throws Exception {
        Path guard = Files.write(folder.resolve("guard.sh"), guard());
        Process holder = new ProcessBuilder(
                        "/bin/sh",
                        "-c",
                        "sleep 600 | { echo $$; exec /bin/sh " + guard + " 1 sh -c 'echo $$; sleep 600'; }")
                .start();
        try (var output = holder.inputReader()) {
            assertThat(output.readLine()).isEqualTo(Long.toString(holder.pid()));
            long command = Long.parseLong(output.readLine());
            assertThat(ProcessHandle.of(command)).isPresent();

            holder.children()
                    .filter(process -> process.info().arguments().stream()
                            .anyMatch(arguments -> List.of(arguments).equals(List.of("600"))))
                    .forEach(ProcessHandle::destroyForcibly);
            awaitGone(command);
        } finally {
            holder.destroyForcibly();
        }
    }

    private static byte[] guard() throws IOException {
        try (var stream = GuardedProcess.class.getResourceAsStream("guard.sh")) {
            return java.util.Objects.requireNonNull(stream).readAllBytes();
        }
    }
}
