package io.llmserve.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenizerSource.SpecialTokens;
import io.llmserve.core.TokenizerSource.Vocabulary;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class GgufVocabularyTest {
    private static final SpecialTokens NONE = new SpecialTokens(-1, -1, -1, -1, false, false);
    private static final int CONTROL = 3;

    @Test
    void letsNoMergeMakeAControlTokenOfText() {
        Vocabulary vocabulary = vocabulary("gpt2", "gpt-2", List.of("a b"), new int[] {1, 1, CONTROL}, NONE);
        Tokenizer tokenizer = load(vocabulary);
        assertThat(tokenizer.encode("ab", Specials.AS_TEXT, false)).containsExactly(0, 1);
        assertThat(tokenizer.encode("ab", Specials.PARSE, false)).containsExactly(2);
    }

    @Test
    void putsTokensAroundATextWhereTheModelWantsThem() {
        SpecialTokens special = new SpecialTokens(2, 1, -1, -1, true, true);
        Tokenizer tokenizer = load(vocabulary("gpt2", "gpt-2", List.of(), new int[] {1, CONTROL, CONTROL}, special));
        assertThat(tokenizer.encode("a", Specials.AS_TEXT, true)).containsExactly(2, 0, 1);
        assertThat(tokenizer.encode("", Specials.AS_TEXT, true)).containsExactly(2, 1);
        assertThat(tokenizer.encode("a", Specials.AS_TEXT, false)).containsExactly(0);
    }

    @Test
    void refusesOtherKindsByName() {
        assertRefused(vocabulary("bert", "", List.of(), new int[3], NONE), "\"bert\"", "gpt2 and llama");
        assertRefused(vocabulary("gpt2", "klingon", List.of(), new int[3], NONE), "\"klingon\"", "llama-bpe", "qwen2");
    }

    @Test
    void refusesDamagedVocabularies() {
        assertRefused(vocabulary("gpt2", "gpt-2", List.of("ab"), new int[3], NONE), "\"ab\"");
        assertRefused(vocabulary("gpt2", "gpt-2", List.of("a x"), new int[3], NONE), "cannot be used");
        assertRefused(vocabulary("gpt2", "gpt-2", List.of(), new int[2], NONE), "3 tokens but 2 token types");
        assertRefused(vocabulary("llama", "", List.of(), new int[3], NONE), "3 tokens but 0 scores");
        assertRefused(
                vocabulary("gpt2", "gpt-2", List.of(), new int[3], new SpecialTokens(7, 0, 0, 0, true, false)),
                "the id 7",
                "3 tokens");
        assertRefused(
                new Vocabulary("gpt2", "gpt-2", List.of("x".repeat(5000)), List.of(), new int[1], new float[0], NONE),
                "5000 characters",
                "1024");
    }

    private static void assertRefused(Vocabulary vocabulary, String... parts) {
        assertThatThrownBy(() -> load(vocabulary)).isInstanceOfSatisfying(ServeException.class, e -> {
            assertThat(e.failure()).isEqualTo(Failure.CORRUPT);
            assertThat(e.messageText()).contains(parts);
        });
    }

    private static Vocabulary vocabulary(
            String model, String pretokenizer, List<String> merges, int[] types, SpecialTokens special) {
        return new Vocabulary(model, pretokenizer, List.of("a", "b", "ab"), merges, types, new float[0], special);
    }

    private static Tokenizer load(Vocabulary vocabulary) {
        return Tokenizer.load(vocabulary, Path.of("target", "cache"));
    }
}
