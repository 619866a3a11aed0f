package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A checkout with the launcher, whose build is one that copies what this build has made: it counts itself in
/// `builds`, says what Maven would say, and waits until there is a file `go`.
record Checkout(Path folder, Path home) {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final String BUILD = """
            #!/bin/sh
            cd "${0%/*}"
            echo "$$" >>builds
            echo '[INFO] Building tensor 0.1.0 [3/16]'
            until [ -e go ]; do sleep 0.1; done
            mkdir -p app/target/llmserve-0 && cp -R "$DISTRIBUTION" app/target/llmserve-0/llmserve-0
            """;

    static Checkout in(Path home) throws IOException {
        Checkout checkout = new Checkout(Files.createDirectory(home.resolve("check out")), home);
        Files.createDirectories(checkout.folder.resolve(".mvn"));
        for (String file : List.of("llmserve", "pom.xml", ".mvn/find-jdk.sh")) {
            Files.copy(ROOT.resolve(file), checkout.folder.resolve(file));
        }
        checkout.buildWith(BUILD);
        return checkout;
    }

    void buildWith(String script) throws IOException {
        Path build = Files.writeString(folder.resolve("mvnw"), script);
        assertThat(build.toFile().setExecutable(true)).isTrue();
    }

    void letBuildsEnd() throws IOException {
        Files.createFile(folder.resolve("go"));
    }

    Path launcher() {
        return folder.resolve("llmserve");
    }

    /// A command in the environment of the tests, for which builds are possible.
    ProcessBuilder command(List<String> command) throws IOException {
        ProcessBuilder builder = new Distribution(launcher(), home).command(command);
        builder.environment().put("DISTRIBUTION", Distribution.folder().toString());
        return builder;
    }

    Process llmserve(String... arguments) throws IOException {
        return command(new Distribution(launcher(), home).whole(arguments)).start();
    }

    static String said(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
