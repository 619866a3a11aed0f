package io.llmserve.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/// The processes of the workers of a server, told apart by their command lines.
final class WorkerProcesses {
    private final ServerProcess server;

    WorkerProcesses(ServerProcess server) {
        this.server = server;
    }

    List<ProcessHandle> all() {
        return server.descendants()
                .filter(process -> flag(process, "--register").isPresent())
                .filter(process -> !flag(process, "-c").isPresent())
                .toList();
    }

    /// The one that listens on this port, of whatever engine.
    ProcessHandle listening(String port) {
        return server.descendants()
                .filter(process -> flag(process, "--port").equals(Optional.of(port)))
                .filter(process -> !flag(process, "-c").isPresent())
                .findFirst()
                .orElseThrow(() -> new AssertionError("nobody listens on " + port));
    }

    /// One of this role that computes something; waits until there is one.
    ProcessHandle busy(String role) throws Exception {
        AtomicReference<Optional<ProcessHandle>> found = new AtomicReference<>(Optional.empty());
        Eventually.holds("a " + role + " worker is busy", () -> {
            found.set(server.sample("vllm:num_requests_running", "role=\"" + role + "\"", value -> value > 0)
                    .flatMap(this::at));
            return found.get().isPresent();
        });
        return found.get().orElseThrow();
    }

    /// By the label `worker` of a sample.
    private Optional<ProcessHandle> at(String sample) {
        return all().stream()
                .filter(process -> flag(process, "--port")
                        .filter(port -> sample.contains(":" + port + "\""))
                        .isPresent())
                .findFirst();
    }

    void signal(String signal, ProcessHandle process) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }

    /// Not by [ProcessHandle.Info], which leaves long command lines out.
    private static Optional<String> flag(ProcessHandle process, String name) {
        try {
            String line = Files.readString(Path.of("/proc", "" + process.pid(), "cmdline"), StandardCharsets.UTF_8);
            List<String> words = Arrays.asList(line.split("\0"));
            int at = words.indexOf(name);
            return at < 0 || at + 1 >= words.size() ? Optional.empty() : Optional.of(words.get(at + 1));
        } catch (IOException gone) {
            return Optional.empty();
        }
    }
}
