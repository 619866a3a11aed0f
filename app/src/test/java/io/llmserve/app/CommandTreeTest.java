package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CommandTreeTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        CommandLine tree = CommandTree.create(arguments);
        tree.setOut(new PrintWriter(out, true));
        tree.setErr(new PrintWriter(err, true));
        return tree.execute(arguments);
    }

    @ParameterizedTest
    @CsvSource({
        "aply, did you mean apply?",
        "up --prot 9000, did you mean --port?",
        "up --treads=4, did you mean --threads?",
        "models lst, did you mean list?",
    })
    void namesTheNearestCommandOrFlag(String line, String hint) {
        assertThat(run(line.split(" "))).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString().lines().toList())
                .hasSize(2)
                .first()
                .asString()
                .contains(hint);
    }

    @Test
    void checksFlagsByTheRulesOfTheManifest() {
        assertThat(run("up", "--port", "99999")).isEqualTo(ExitCode.USAGE);
        assertThat(err)
                .hasToString(
                        "llmserve: --port: spec.server.port: found 99999; allowed: a whole number, from 1 to 65535\n");
    }

    @Test
    void refusesAManifestWithEveryProblem(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(
                folder.resolve("m.yaml"), "apiVersion: v1\nkind: LLMServe\nspec: {sever: {}, kv_cache: {size: 1}}\n");

        assertThat(run("apply", "-f", file.toString())).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString())
                .contains(":3:8: spec.sever: unknown field", "did you mean server?", ":3:36: spec.kv_cache.size");
    }

    @Test
    void showsAPlanWithoutSecrets() {
        assertThat(run("apply", "-f", "../llmserve.yaml")).isZero();
        assertThat(out.toString()).contains("is valid", "spec.kv_cache.size: 2GiB");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "up", "apply", "status", "models", "models pull", "bench", "schema", "completion", "version"
            })
    void explainsEveryCommand(String command) {
        assertThat(run((command + " --help").strip().split(" "))).isZero();
        assertThat(out.toString()).contains("Usage: llmserve").contains("--help");
    }

    @Test
    void doesNotVerifyWhatIsNotHere() {
        assertThat(run("models", "verify", "hf://nobody/nothing")).isNotZero();
        assertThat(err.toString()).contains("hf://nobody/nothing is not in the store ");
    }

    @Test
    void completesForTheShell() {
        assertThat(run("completion")).isZero();
        assertThat(out.toString()).contains("--metrics-port", "--mix", "pull", "complete -F");
    }

    @Test
    void wantsACommand() {
        assertThat(run()).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).contains("no command given").doesNotContain("\tat ");
    }

    @Test
    void knowsItsVersion() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString()).matches("llmserve \\d+\\.\\d+\\.\\d+\\S* \\(Java \\d+, .*\\)\\R");
    }
}
