package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The distribution that the build has just made, run as its users run it: a process with a home of its own.
record Distribution(Path launcher, Path home) {
    private static final long PATIENCE_SECONDS = 300;

    static Path folder() throws IOException {
        return only(only(Path.of("target"), "llmserve-*[!z]"), "llmserve-*");
    }

    static Path archive() throws IOException {
        return only(Path.of("target"), "llmserve-*.tar.gz");
    }

    private static Path only(Path folder, String glob) throws IOException {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, glob)) {
            List<Path> paths = new ArrayList<>();
            found.forEach(paths::add);
            assertThat(paths).as("%s in %s", glob, folder).hasSize(1);
            return paths.getFirst().toAbsolutePath();
        }
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /// How a command ended, and all that it said.
    record Ended(int exitCode, String output) {}

    Process start(String... arguments) throws IOException {
        return command(whole(arguments)).start();
    }

    List<String> whole(String... arguments) {
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    /// A command in the environment of the tests.
    ProcessBuilder command(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("XDG_") || name.startsWith("LLMSERVE_"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("HOME", home.toString());
        builder.environment().put("XDG_STATE_HOME", home.resolve("state").toString());
        builder.environment().put("XDG_CACHE_HOME", home.resolve("cache").toString());
        builder.environment().put("LLMSERVE_CDS", "off");
        return builder.directory(home.toFile());
    }

    Ended run(String... arguments) throws IOException, InterruptedException {
        Process process = start(arguments);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(end(process), output);
    }

    /// A line as a user types it.
    Ended shell(String line) throws IOException, InterruptedException {
        Process process = command(List.of("sh", "-c", line)).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(end(process), output);
    }

    /// The exit code of a process that is about to end.
    static int end(Process process) throws InterruptedException {
        boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        assertThat(ended).as("the process ends").isTrue();
        return process.exitValue();
    }

    /// Reads what a server says until it is ready; returns all of it.
    static String awaitReady(BufferedReader output) throws IOException {
        StringBuilder said = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            said.append(line).append('\n');
            if (line.startsWith("Ctrl-C stops it")) {
                return said.toString();
            }
        }
        throw new AssertionError("llmserve ended before it was ready:\n" + said);
    }
}
