package io.llmserve.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenizerSource.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerFileTest {
    private static final String MODEL =
            "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"<s>\":1,\"</s>\":2},\"merges\":[]}";
    private static final String ADDED = "\"added_tokens\":[{\"id\":1,\"content\":\"<s>\",\"special\":true},"
            + "{\"id\":2,\"content\":\"</s>\",\"special\":true}]";
    private static final String DECODER = "\"decoder\":{\"type\":\"ByteLevel\"}";

    @TempDir
    private Path directory;

    @Test
    void takesSpecialTokensFromTheConfigurationWhereTheTokenizerIsSilent() throws IOException {
        Path configuration = directory.resolve("tokenizer_config.json");
        Files.writeString(
                configuration,
                "{\"add_bos_token\":true,\"add_eos_token\":false,\"bos_token\":{\"content\":\"<s>\"},\"eos_token\":\"</s>\"}");
        Tokenizer tokenizer = load("{" + MODEL + "," + ADDED + "," + DECODER + "}", Optional.of(configuration));
        assertThat(tokenizer.encode("a</s>", Specials.PARSE, true)).containsExactly(1, 0, 2);
        assertThat(tokenizer.templateStrings())
                .containsEntry("bos_token", "<s>")
                .containsEntry("eos_token", "</s>")
                .hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{\"model\":{\"type\":\"Unigram\"}}",
                "{\"model\":{\"vocab\":{\"a\":-1}}}",
                "{\"model\":{\"vocab\":{\"a\":999999999}}}",
                "{\"model\":{\"vocab\":{\"a\":\"x\"}}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a\"]}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[[\"a\"]]}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[[\"a\",\"b\",\"c\"]]}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}},\"decoder\":{\"type\":\"WordPiece\"}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}},\"decoder\":{\"type\":\"ByteLevel\"},\"pre_tokenizer\":{\"type\":\"Klingon\"}}"
            })
    void refusesDamagedAndUnknownFiles(String json) {
        assertThatThrownBy(() -> load(json, Optional.empty()))
                .isInstanceOfSatisfying(
                        ServeException.class, e -> assertThat(e.failure()).isEqualTo(Failure.CORRUPT));
    }

    private Tokenizer load(String json, Optional<Path> configuration) throws IOException {
        Path file = directory.resolve("tokenizer.json");
        Files.writeString(file, json);
        return Tokenizer.load(new JsonFile(file, configuration), Path.of("target", "cache"));
    }
}
