package io.llmserve.control;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A running command that ends with us, however we end: `guard.sh` runs it and watches the pipe whose other
/// end this process holds. Methods belong to one thread.
final class GuardedProcess {
    private static final String GUARD = read("guard.sh");
    private static final Duration AFTER_KILL = Duration.ofSeconds(5);

    private final Process guard;
    private final Thread output;
    private final Duration grace;

    private GuardedProcess(Process guard, Thread output, Duration grace) {
        this.guard = guard;
        this.output = output;
        this.grace = grace;
    }

    /// @param grace between SIGTERM and SIGKILL when it is stopped
    /// @param output gets every line that the command prints, on a thread of its own
    static GuardedProcess start(Launch launch, Duration grace, Consumer<String> output) {
        List<String> command = new ArrayList<>(
                List.of("/bin/sh", "-c", GUARD, "llmserve-guard", Long.toString(Math.max(1, grace.toSeconds()))));
        command.addAll(launch.command());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(launch.environment());
        try {
            Process process = builder.start();
            Thread reader = Thread.ofPlatform()
                    .daemon()
                    .name("output of " + launch.name())
                    .start(() -> pump(process, output));
            return new GuardedProcess(process, reader, grace);
        } catch (IOException failure) {
            throw new ServeException(
                    Failure.UNAVAILABLE,
                    "worker %s cannot be started: %s".formatted(launch.name(), failure.getMessage()),
                    failure);
        }
    }

    OptionalInt exitCode() {
        return guard.isAlive() ? OptionalInt.empty() : OptionalInt.of(guard.exitValue());
    }

    /// Returns when it has ended, or after `longest`.
    void await(Duration longest) throws InterruptedException {
        guard.waitFor(longest.toNanos(), TimeUnit.NANOSECONDS);
    }

    /// SIGTERM, and after the grace SIGKILL to all that is left; returns when it has ended and its output was
    /// read. To be called also after it ended by itself: should the guard be the one that was killed, its
    /// twin ends the command now.
    void stop() {
        boolean interrupted = Thread.interrupted();
        try {
            guard.getOutputStream().close();
        } catch (IOException _) {
            // The other end is gone already, and that is what closing would tell it.
        }
        Duration longest = grace.plus(AFTER_KILL);
        interrupted |= uninterrupted(longest, left -> guard.waitFor(left.toNanos(), TimeUnit.NANOSECONDS));
        if (guard.isAlive()) {
            guard.destroyForcibly(); // not else, as this closes what was not read yet
        }
        interrupted |= uninterrupted(AFTER_KILL, output::join);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private interface Wait {
        /// Whether it was worth waiting for.
        boolean attempt(Duration longest) throws InterruptedException;
    }

    /// Waits to the end; returns whether somebody wanted it to stop earlier.
    private static boolean uninterrupted(Duration longest, Wait wait) {
        long end = System.nanoTime() + longest.toNanos();
        boolean interrupted = false;
        while (true) {
            try {
                wait.attempt(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
                return interrupted;
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
    }

    private static void pump(Process process, Consumer<String> output) {
        try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.accept(line);
            }
        } catch (IOException | UncheckedIOException _) {
            // The pipe closed in the middle of a line: there is nothing more to come.
        }
    }

    private static String read(String name) {
        try (InputStream stream = GuardedProcess.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(stream, name).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
