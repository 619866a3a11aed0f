package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.llmserve.testkit.TinyModels;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a user sees of a start from a checkout, and what makes the next one fast.
class StartIT {
    private static final String MODEL = "file:" + TinyModels.path("llama3-untied.Q8_0");
    private static final Pattern TIMES =
            Pattern.compile("/v1 +([0-9.]+) s after the command, the first token after ([0-9.]+) s");
    /// From ten seconds on the banner has whole ones.
    private static final double ROUNDING_SECONDS = 0.5;

    private static final long ARCHIVING_SECONDS = 240;

    @TempDir
    private Path home;

    private Checkout checkout = new Checkout(Path.of(""), Path.of(""));

    @BeforeEach
    void checkOut() throws IOException {
        checkout = Checkout.in(home);
    }

    @Test
    void aTerminalShowsHowFarTheBuildIs() throws Exception {
        assumeThat(Path.of("/usr/bin/script")).as("makes a terminal").exists();
        ProcessBuilder builder =
                checkout.command(List.of("script", "-qefc", "'check out/llmserve' version", "/dev/null"));
        builder.environment().put("TERM", "xterm");
        Process process = builder.start();
        try (BufferedReader screen = process.inputReader(StandardCharsets.UTF_8)) {
            StringBuilder shown = new StringBuilder();
            while (shown.indexOf("Building LLMServe [###.....................] 3/16 tensor ") < 0) {
                int character = screen.read();
                assertThat(character).as("ended after " + shown).isNotNegative();
                shown.append((char) character);
            }
            checkout.letBuildsEnd();
            assertThat(screen.lines().toList())
                    .anyMatch(line -> line.contains("llmserve: built in "))
                    .anyMatch(line -> line.startsWith("llmserve 0."));
            assertThat(Distribution.end(process)).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    /// Of all that passed since the command: after a build, and when all is there.
    @Test
    void theBannerSaysHowLongTheStartTook() throws Exception {
        checkout.letBuildsEnd();
        assertThat(bannerOfAStart()).contains("llmserve: built in ");
        assertThat(bannerOfAStart()).doesNotContain("llmserve: built in ", "WARNING", "incubator");
    }

    private String bannerOfAStart() throws Exception {
        long began = System.nanoTime();
        Process process = up(Map.of("LLMSERVE_CDS", "off"));
        try (BufferedReader output = process.inputReader()) {
            String said = Distribution.awaitReady(output);
            double passed = (System.nanoTime() - began) / 1e9;
            Matcher times = TIMES.matcher(said);
            assertThat(times.find()).as(said).isTrue();
            double ready = Double.parseDouble(times.group(1));
            double firstToken = Double.parseDouble(times.group(2));
            assertThat(firstToken).isPositive().isLessThanOrEqualTo(ready);
            assertThat(ready).isLessThanOrEqualTo(passed + ROUNDING_SECONDS);
            process.destroy();
            assertThat(Distribution.end(process)).isZero();
            return said;
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aStartTakesItsClassesFromTheArchiveThatTheOneBeforeHasMade() throws Exception {
        checkout.letBuildsEnd();
        runUntil(Map.of("LLMSERVE_CDS", "on"), this::awaitArchive);

        Path loaded = home.resolve("loaded.txt");
        runUntil(Map.of("LLMSERVE_CDS", "on", "LLMSERVE_JAVA_OPTS", "-Xlog:class+load:file=" + loaded), () -> {});

        assertThat(loaded)
                .content()
                .containsPattern("io\\.llmserve\\.app\\.Main source: shared objects file \\(top\\)")
                .containsPattern("io\\.llmserve\\.engine\\.[A-Za-z]+ source: shared objects file \\(top\\)");
    }

    private interface Wait {
        void end() throws Exception;
    }

    /// Starts it, and ends it when it was ready and `wait` is over.
    private void runUntil(Map<String, String> environment, Wait wait) throws Exception {
        Process process = up(environment);
        try (BufferedReader output = process.inputReader()) {
            Distribution.awaitReady(output);
            wait.end();
            process.destroy();
            assertThat(Distribution.end(process)).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    /// What is being written has the process id as its ending.
    private void awaitArchive() throws Exception {
        Path launch = checkout.folder().resolve("target/launch");
        Path archives = launch.resolve(
                        Files.readString(launch.resolve("current")).strip())
                .resolve("cds");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ARCHIVING_SECONDS);
        while (!archives.toFile().isDirectory() || !hasArchive(archives)) {
            assertThat(System.nanoTime()).as("no archive was made").isLessThan(deadline);
            Thread.sleep(50);
        }
    }

    private static boolean hasArchive(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.anyMatch(file -> file.toString().endsWith(".jsa"));
        }
    }

    private Process up(Map<String, String> environment) throws IOException {
        String port = "" + Distribution.freePort();
        String metricsPort = "" + Distribution.freePort();
        List<String> command = new Distribution(checkout.launcher(), home)
                .whole("up", "--model", MODEL, "--port", port, "--metrics-port", metricsPort, "--threads", "1");
        ProcessBuilder builder = checkout.command(command);
        builder.environment().putAll(environment);
        return builder.start();
    }
}
