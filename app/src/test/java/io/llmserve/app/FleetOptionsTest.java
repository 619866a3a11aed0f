package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import io.llmserve.manifest.ManifestReader;
import io.llmserve.manifest.Spec;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class FleetOptionsTest {
    private static Spec spec(String line, boolean hasFile) {
        FleetOptions options = new FleetOptions();
        new CommandLine(options, CommandLine.defaultFactory())
                .parseArgs(line.isEmpty() ? new String[0] : line.split(" "));
        return new ManifestReader(options.settings(hasFile))
                .readNothing()
                .orThrow()
                .spec();
    }

    @Test
    void countsWorkersInBothTongues() {
        List<WorkerRole> twoAndThree = List.of(
                WorkerRole.PREFILL, WorkerRole.PREFILL, WorkerRole.DECODE, WorkerRole.DECODE, WorkerRole.DECODE);

        assertThat(spec("--prefill 2 --decode 3", false).deployment().roles()).isEqualTo(twoAndThree);
        assertThat(spec("--arg num_prefill 2 --arg num_decode 3", false)
                        .deployment()
                        .roles())
                .isEqualTo(twoAndThree);
        assertThat(spec("--prefill 1", false).deployment().roles())
                .containsExactly(WorkerRole.PREFILL, WorkerRole.DECODE);
        assertThat(spec("--prefill 0 --decode 2", false).deployment().roles())
                .containsExactly(WorkerRole.BOTH, WorkerRole.BOTH);
        assertThat(spec("", false).deployment().roles()).containsExactly(WorkerRole.BOTH);
    }

    @Test
    void isolates() {
        assertThat(spec("--prefill 1 --isolate", false).deployment().isolate()).isTrue();
        assertThat(spec("--prefill 1", false).deployment().isolate()).isFalse();
    }

    @Test
    void xPyDHasItsApiOnPort3000() {
        assertThat(spec("--arg num_prefill 1", false).server().port()).isEqualTo(3000);
        assertThat(spec("--arg num_prefill 1", true).server().port()).isEqualTo(8000);
        assertThat(spec("--prefill 1", false).server().port()).isEqualTo(8000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--prefill -1|--prefill: spec.deployment.replicas.prefill: found -1; allowed: a whole number, from 0 to 64",
                "--prefill 65|--prefill: spec.deployment.replicas.prefill: found 65; allowed: a whole number, from 0 to 64",
                "--prefill two|--prefill: spec.deployment.replicas.prefill: found 'two'; allowed: a whole number, from 0 to 64",
                "--prefill 2 --decode 0|--decode: spec.deployment.replicas.decode: found 0; allowed: a whole number, from 1 to 64",
                "--arg num_prefill 1 --arg num_decode x|--arg num_decode: spec.deployment.replicas.decode: found 'x'; allowed: a"
                        + " whole number, from 1 to 64",
                "--arg num_workers 1|--arg knows num_prefill and num_decode, got 'num_workers'",
            })
    void refusesOtherCountsInOneSentence(String line, String sentence) {
        assertThatThrownBy(() -> spec(line, false))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining(sentence);
    }

    @Test
    void upSaysWhatIsWrongWithItsFlags() {
        StringWriter err = new StringWriter();
        CommandLine tree = CommandTree.create("up");
        tree.setErr(new PrintWriter(err, true));

        assertThat(tree.execute("up", "--decode", "0")).isEqualTo(ExitCode.USAGE);
        assertThat(err)
                .hasToString(
                        "llmserve: --decode: spec.deployment.replicas.decode: found 0; allowed: a whole number, from 1"
                                + " to 64\n");
    }
}
