package io.llmserve.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/// SmolLM2's tokenizer against ids and texts made with HuggingFace's libraries in Python.
class TokenizerTest {
    private final Tokenizer tokenizer = SmolLm2.tokenizer();

    @Test
    void encodesThePromptsOfTheGoldensAndDecodesTheirContinuations() {
        for (JsonNode golden : Fixtures.json("smollm2-goldens.json").path("cases")) {
            int[] ids = tokenizer.encode(golden.path("prompt").asText(), Specials.PARSE, true);
            assertThat(ids)
                    .as(golden.path("input").asText())
                    .containsExactly(Fixtures.ids(golden.path("prompt_token_ids")));
            assertThat(tokenizer.decode(Fixtures.ids(golden.path("greedy_token_ids")), false))
                    .isEqualTo(golden.path("text").asText());
        }
    }

    @Test
    void agreesWithHuggingFaceOnDifficultText() {
        CorpusAssertions.assertAgrees(tokenizer, Fixtures.json("smollm2-corpus.json"));
    }

    @Test
    void spellsSpecialTokensAsTextWhenAsked() {
        assertThat(tokenizer.encode("<|im_end|>", Specials.PARSE, false)).containsExactly(2);
        int[] text = tokenizer.encode("<|im_end|>", Specials.AS_TEXT, false);
        assertThat(text).hasSizeGreaterThan(1).doesNotContain(2);
        assertThat(tokenizer.decode(text, true)).isEqualTo("<|im_end|>");
    }

    @Test
    void replacesUnpairedSurrogates() {
        assertThat(tokenizer.encode("a\uD800b", Specials.PARSE, false))
                .isEqualTo(tokenizer.encode("a\uFFFDb", Specials.PARSE, false));
        assertThat(tokenizer.encode("\uDC00\uD83D\uDE00\uD83D", Specials.PARSE, false))
                .isEqualTo(tokenizer.encode("\uFFFD😀\uFFFD", Specials.PARSE, false));
    }

    @Test
    void namesTokensAsTheVocabularyDoes() {
        assertThat(tokenizer.vocabularySize()).isEqualTo(49152);
        assertThat(tokenizer.tokenString(504)).isEqualTo("The");
        assertThat(tokenizer.tokenString(7042)).isEqualTo("ĠParis");
        assertThat(tokenizer.bytes(7042)).asString().isEqualTo(" Paris");
        assertThat(tokenizer.isSpecial(2)).isTrue();
        assertThat(tokenizer.isSpecial(504)).isFalse();
    }

    @Test
    void takesIdsWithoutATokenForNoText() {
        assertThat(tokenizer.decode(new int[] {-1, 504, 49152, Integer.MAX_VALUE}, false))
                .isEqualTo("The");
        assertThat(tokenizer.tokenString(49152)).isEmpty();
        assertThat(tokenizer.isSpecial(-1)).isFalse();
    }

    /// The parts of a long text must have the tokens of the whole: the native library is asked for the whole too.
    @ParameterizedTest
    @Seeds(3)
    void cutsLongTextWithoutChangingItsTokens(long seed) {
        Random random = new Random(seed);
        String[] words = {"the", "Token", " 12", "it's", "\n\n", "你好", ", ", "<|im_end|>", "  ", "x=1;", "é"};
        StringBuilder text = new StringBuilder();
        while (text.length() < 3 * TextCuts.TARGET_CHARACTERS) {
            text.append(words[random.nextInt(words.length)]).append(random.nextInt(3) == 0 ? "" : " ");
        }
        NativeEncoder whole = new NativeEncoder(
                NativeModelJson.write(GgufVocabulary.define(SmolLm2.vocabulary())),
                java.nio.file.Path.of("target", "cache"));
        assertThat(tokenizer.encode(text.toString(), Specials.AS_TEXT, false)).isEqualTo(whole.encode(text.toString()));
    }

    @Test
    void bearsAnEndlessWord() {
        String word = "ab".repeat(TextCuts.MAXIMUM_CHARACTERS);
        assertThat(tokenizer.decode(tokenizer.encode(word, Specials.PARSE, false), false))
                .isEqualTo(word);
    }

    @Test
    void servesManyThreadsAtOnce() throws Exception {
        JsonNode corpus = Fixtures.json("smollm2-corpus.json");
        try (var threads = Executors.newFixedThreadPool(4)) {
            List<Callable<Boolean>> tasks = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                tasks.add(() -> {
                    CorpusAssertions.assertAgrees(tokenizer, corpus);
                    return true;
                });
            }
            for (Future<Boolean> done : threads.invokeAll(tasks)) {
                assertThat(done.get()).isTrue();
            }
        }
    }
}
