package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `./llmserve` in a checkout: when it builds, and with which JDK.
class LauncherIT {
    /// The only JDK to be found, on PATH and in the usual folders, is an old one; and that of this build as
    /// `~/.jdks/25`, where there is such a folder.
    private static final String WITHOUT_JDKS = """
            [ ! -d "$HOME/.jdks/25" ] || mount --bind "$JDK" "$HOME/.jdks/25" || exit 99
            for folder in /usr/lib/jvm /usr/java /opt; do
              [ ! -d "$folder" ] || mount -t tmpfs tmpfs "$folder" || exit 99
            done
            mkdir -p /opt/old-jdk/bin
            echo 'JAVA_VERSION="17.0.15"' >/opt/old-jdk/release
            for tool in java javac; do
              printf '#!/bin/sh\\n' >/opt/old-jdk/bin/$tool
              chmod +x /opt/old-jdk/bin/$tool
            done
            unset JAVA_HOME
            PATH=/opt/old-jdk/bin:/usr/bin:/bin
            exec "$@"
            """;

    @TempDir
    private Path home;

    private Checkout checkout = new Checkout(Path.of(""), Path.of(""));

    @BeforeEach
    void checkOut() throws IOException {
        checkout = Checkout.in(home);
    }

    @Test
    void twoFirstStartsBuildOnce() throws Exception {
        Process first = checkout.llmserve("version");
        BufferedReader firstSays = first.inputReader();
        assertThat(firstSays.readLine()).startsWith("llmserve: building");
        Process second = checkout.llmserve("version");
        BufferedReader secondSays = second.inputReader();
        assertThat(secondSays.readLine())
                .isEqualTo("llmserve: another llmserve (process %d) is building; waiting for it", first.pid());
        checkout.letBuildsEnd();

        assertThat(firstSays.readLine()).startsWith("llmserve: built in ");
        assertThat(firstSays.readLine()).startsWith("llmserve 0.");
        assertThat(secondSays.readLine()).startsWith("llmserve 0.");
        assertThat(Distribution.end(first)).isZero();
        assertThat(Distribution.end(second)).isZero();
        assertThat(Files.readAllLines(checkout.folder().resolve("builds"))).hasSize(1);
    }

    @Test
    void takesOverTheLockOfABuildThatDied() throws Exception {
        Process dead = new ProcessBuilder("true").start();
        Distribution.end(dead);
        Path lock = Files.createDirectories(checkout.folder().resolve("target/launch/lock"));
        Files.writeString(lock.resolve("pid"), dead.pid() + "\n");
        checkout.letBuildsEnd();

        Process process = checkout.llmserve("version");
        assertThat(Checkout.said(process)).contains("llmserve: building", "llmserve 0.");
        assertThat(Distribution.end(process)).isZero();
        assertThat(lock).doesNotExist();
    }

    @Test
    void buildsAgainOnlyWhenSourcesAreNewer() throws Exception {
        checkout.letBuildsEnd();
        assertThat(Checkout.said(checkout.llmserve("version"))).contains("llmserve: building");
        assertThat(Checkout.said(checkout.llmserve("version"))).startsWith("llmserve 0.");
    }

    @Test
    void saysHowABuildFailed() throws Exception {
        checkout.buildWith("#!/bin/sh\necho '[ERROR] no such plugin'\nexit 1\n");
        Process process = checkout.llmserve("up");
        assertThat(Checkout.said(process))
                .contains("llmserve: the build failed; the end of ", "[ERROR] no such plugin");
        assertThat(Distribution.end(process)).isEqualTo(1);
        assertThat(checkout.folder().resolve("target/launch/lock")).doesNotExist();
    }

    @Test
    void findsANewerJdkBesideAnOldDefault() throws Exception {
        Path newer = Files.createDirectories(home.resolve(".jdks/25"));

        Process process = withoutJdks("sh", "-c", ". .mvn/find-jdk.sh && echo \"found $JAVA_HOME\"");

        assertThat(Checkout.said(process)).isEqualTo("found %s%n", newer);
    }

    @Test
    void saysWhichJdksAreTooOld() throws Exception {
        Process process = withoutJdks("./llmserve", "up");
        assertThat(Checkout.said(process)).isEqualTo("""
                        LLMServe needs a JDK 25 or newer; found only Java 17 in /opt/old-jdk.
                        Install one, e.g. 'apt install openjdk-25-jdk-headless', 'brew install openjdk@25' or 'sdk install java 25-tem', or set JAVA_HOME to it.
                        """);
        assertThat(Distribution.end(process)).isEqualTo(1);
        assertThat(checkout.folder().resolve("builds")).doesNotExist();
    }

    /// Skips the test where the system allows no mounts in a namespace.
    private Process withoutJdks(String... command) throws IOException, InterruptedException {
        Process probe = checkout.command(List.of("unshare", "-rm", "true")).start();
        assumeThat(Distribution.end(probe)).as("a namespace can be made").isZero();
        List<String> whole = new ArrayList<>(List.of("unshare", "-rm", "sh", "-c", WITHOUT_JDKS, "sh"));
        whole.addAll(List.of(command));
        ProcessBuilder builder = checkout.command(whole);
        builder.environment().put("JDK", System.getProperty("java.home"));
        return builder.directory(checkout.folder().toFile()).start();
    }
}
