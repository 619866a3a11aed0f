package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.llmserve.testkit.TinyModels;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `./llmserve` in a checkout, whose build is one that copies what this build has made: it counts itself, and waits
/// until it may end.
class LauncherIT {
    private static final String MODEL = "file:" + TinyModels.path("llama3-untied.Q8_0");
    private static final Pattern TIMES =
            Pattern.compile("/v1 +([0-9.]+) s after the command, the first token after ([0-9.]+) s");
    /// From ten seconds on the banner has whole ones.
    private static final double ROUNDING_SECONDS = 0.5;

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final String BUILD = """
            #!/bin/sh
            cd "${0%/*}"
            echo "$$" >>builds
            until [ -e go ]; do sleep 0.1; done
            mkdir -p app/target/llmserve-0 && cp -R "$DISTRIBUTION" app/target/llmserve-0/llmserve-0
            """;

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

    private Path checkout = Path.of("");

    @BeforeEach
    void checkOut() throws IOException {
        checkout = Files.createDirectory(home.resolve("check out"));
        Files.createDirectories(checkout.resolve(".mvn"));
        for (String file : List.of("llmserve", "pom.xml", ".mvn/find-jdk.sh")) {
            Files.copy(ROOT.resolve(file), checkout.resolve(file));
        }
        Path build = Files.writeString(checkout.resolve("mvnw"), BUILD);
        assertThat(build.toFile().setExecutable(true)).isTrue();
    }

    @Test
    void twoFirstStartsBuildOnce() throws Exception {
        Process first = llmserve("version");
        BufferedReader firstSays = first.inputReader();
        assertThat(firstSays.readLine()).startsWith("llmserve: building");
        Process second = llmserve("version");
        BufferedReader secondSays = second.inputReader();
        assertThat(secondSays.readLine())
                .isEqualTo("llmserve: another llmserve (process %d) is building; waiting for it", first.pid());
        Files.createFile(checkout.resolve("go"));

        assertThat(firstSays.readLine()).startsWith("llmserve: built in ");
        assertThat(firstSays.readLine()).startsWith("llmserve 0.");
        assertThat(secondSays.readLine()).startsWith("llmserve 0.");
        assertThat(Distribution.end(first)).isZero();
        assertThat(Distribution.end(second)).isZero();
        assertThat(Files.readAllLines(checkout.resolve("builds"))).hasSize(1);
    }

    @Test
    void takesOverTheLockOfABuildThatDied() throws Exception {
        Process dead = new ProcessBuilder("true").start();
        Distribution.end(dead);
        Path lock = Files.createDirectories(checkout.resolve("target/launch/lock"));
        Files.writeString(lock.resolve("pid"), dead.pid() + "\n");
        Files.createFile(checkout.resolve("go"));

        Process process = llmserve("version");
        assertThat(said(process)).contains("llmserve: building", "llmserve 0.");
        assertThat(Distribution.end(process)).isZero();
        assertThat(lock).doesNotExist();
    }

    @Test
    void buildsAgainOnlyWhenSourcesAreNewer() throws Exception {
        Files.createFile(checkout.resolve("go"));
        assertThat(said(llmserve("version"))).contains("llmserve: building");
        assertThat(said(llmserve("version"))).startsWith("llmserve 0.");
    }

    /// Of all that passed since the command: after a build, and when all is there.
    @Test
    void theBannerSaysHowLongTheStartTook() throws Exception {
        Files.createFile(checkout.resolve("go"));
        assertThat(bannerOfAStart()).contains("llmserve: built in ");
        assertThat(bannerOfAStart()).doesNotContain("llmserve: built in ", "WARNING", "incubator");
    }

    private String bannerOfAStart() throws Exception {
        long began = System.nanoTime();
        Process process = llmserve(
                "up",
                "--model",
                MODEL,
                "--port",
                "" + Distribution.freePort(),
                "--metrics-port",
                "" + Distribution.freePort(),
                "--threads",
                "1");
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
    void saysHowABuildFailed() throws Exception {
        Files.writeString(checkout.resolve("mvnw"), "#!/bin/sh\necho '[ERROR] no such plugin'\nexit 1\n");
        Process process = llmserve("up");
        assertThat(said(process)).contains("llmserve: the build failed; the end of ", "[ERROR] no such plugin");
        assertThat(Distribution.end(process)).isEqualTo(1);
        assertThat(checkout.resolve("target/launch/lock")).doesNotExist();
    }

    @Test
    void findsANewerJdkBesideAnOldDefault() throws Exception {
        Path newer = Files.createDirectories(home.resolve(".jdks/25"));

        Process process = withoutJdks("sh", "-c", ". .mvn/find-jdk.sh && echo \"found $JAVA_HOME\"");

        assertThat(said(process)).isEqualTo("found %s%n", newer);
    }

    @Test
    void saysWhichJdksAreTooOld() throws Exception {
        Process process = withoutJdks("./llmserve", "up");
        assertThat(said(process)).isEqualTo("""
                        LLMServe needs a JDK 25 or newer; found only Java 17 in /opt/old-jdk.
                        Install one, e.g. 'apt install openjdk-25-jdk-headless', 'brew install openjdk@25' or 'sdk install java 25-tem', or set JAVA_HOME to it.
                        """);
        assertThat(Distribution.end(process)).isEqualTo(1);
        assertThat(checkout.resolve("builds")).doesNotExist();
    }

    private Process llmserve(String... arguments) throws IOException {
        Distribution here = new Distribution(checkout.resolve("llmserve"), home);
        ProcessBuilder builder = here.command(here.whole(arguments));
        builder.environment().put("DISTRIBUTION", Distribution.folder().toString());
        return builder.start();
    }

    /// Skips the test where the system allows no mounts in a namespace.
    private Process withoutJdks(String... command) throws IOException, InterruptedException {
        Distribution here = new Distribution(checkout.resolve("llmserve"), home);
        Process probe = here.command(List.of("unshare", "-rm", "true")).start();
        assumeThat(Distribution.end(probe)).as("a namespace can be made").isZero();
        List<String> whole = new ArrayList<>(List.of("unshare", "-rm", "sh", "-c", WITHOUT_JDKS, "sh"));
        whole.addAll(List.of(command));
        ProcessBuilder builder = here.command(whole);
        builder.environment().put("JDK", System.getProperty("java.home"));
        return builder.directory(checkout.toFile()).start();
    }

    private static String said(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
