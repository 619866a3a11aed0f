package io.llmserve.e2e;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/// An official client of the OpenAI API, installed from the configured package index into the build's own folder.
///
/// Where the program that runs its scripts is missing, the test is skipped, with the reason. The version is fixed,
/// so that a new release cannot break an old commit's build.
enum ClientPackage {
    PYTHON("python3", "3.54.0", "openai/__init__.py") {
        @Override
        List<String> install(Path home) {
            return List.of(
                    "python3",
                    "-m",
                    "pip",
                    "install",
                    "-q",
                    "--no-warn-conflicts",
                    "--upgrade",
                    "--target",
                    home.toString(),
                    "openai==" + version);
        }
    },
    NODE("node", "7.57.0", "node_modules/openai/package.json") {
        @Override
        List<String> install(Path home) {
            return List.of(
                    "npm",
                    "install",
                    "--silent",
                    "--no-fund",
                    "--no-audit",
                    "--prefix",
                    home.toString(),
                    "openai@" + version);
        }
    };

    private static final int TIMEOUT_MINUTES = 5;
    private static final Path ROOT = Path.of("target", "clients").toAbsolutePath();

    final String program;
    final String version;
    private final String marker;

    ClientPackage(String program, String version, String marker) {
        this.program = program;
        this.version = version;
        this.marker = marker;
    }

    abstract List<String> install(Path home);

    /// Runs a script of `src/test/resources/clients` and returns what it printed; fails where the script does.
    String run(String script, String... arguments) throws IOException, InterruptedException {
        if (!onPath(program)) {
            abort("skipped: there is no " + program + " on PATH");
        }
        Path home = ROOT.resolve(name().toLowerCase(java.util.Locale.ROOT) + "-" + version);
        Files.createDirectories(home);
        if (!Files.exists(home.resolve(marker))) {
            execute(home, install(home));
        }
        Path file = home.resolve(script);
        try (InputStream source = ClientPackage.class.getResourceAsStream("/clients/" + script)) {
            Files.write(file, Objects.requireNonNull(source, script).readAllBytes());
        }
        List<String> command = new java.util.ArrayList<>(List.of(program, file.toString()));
        command.addAll(Arrays.asList(arguments));
        return execute(home, command);
    }

    private static boolean onPath(String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(java.io.File.pathSeparator))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
    }

    private static String execute(Path home, List<String> command) throws IOException, InterruptedException {
        Path output = Files.createTempFile(home, "run", ".log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        Map<String, String> environment = builder.environment();
        environment.put("PYTHONPATH", home.toString());
        environment.remove("OPENAI_API_KEY");
        Process process = builder.start();
        boolean ended = process.waitFor(TIMEOUT_MINUTES, TimeUnit.MINUTES);
        process.destroyForcibly();
        String text = Files.readString(output, StandardCharsets.UTF_8);
        Files.delete(output);
        if (!ended || process.exitValue() != 0) {
            throw new AssertionError("%s %s:\n%s"
                    .formatted(
                            String.join(" ", command),
                            ended ? "ended with " + process.exitValue() : "did not end",
                            text));
        }
        return text;
    }
}
