package io.llmserve.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PromptTextTest {
    private static final Shape SHAPE = new Shape("chat", 1, 300, 5);

    @Test
    void writesAsManyWordsAsMakeTheTokens() {
        PromptText prompts = new PromptText(new PromptText.Size(1.25, 20), 0, 1, 1);
        assertThat(words(prompts.write(request(0)))).hasSize((300 - 20) * 4 / 5);
    }

    @Test
    void requestsShareThePrefixOfTheirGroupAndNothingElse() {
        PromptText prompts = new PromptText(PromptText.Size.WORD_IS_TOKEN, 100, 2, 1);
        assertThat(sharedWords(prompts, 0, 2)).isBetween(100, 103);
        assertThat(sharedWords(prompts, 1, 3)).isBetween(100, 103);
        assertThat(sharedWords(prompts, 0, 1)).isLessThan(4);
    }

    @Test
    void withoutASharedPrefixNoTwoRequestsBeginAlike() {
        PromptText prompts = new PromptText(PromptText.Size.WORD_IS_TOKEN, 0, 1, 1);
        for (int other = 1; other < 200; other++) {
            assertThat(sharedWords(prompts, 0, other)).isLessThan(8);
        }
    }

    @Test
    void everyPromptHasAWordEvenWhereTheTemplateIsLonger() {
        PromptText prompts = new PromptText(new PromptText.Size(1, 1000), 500, 1, 1);
        assertThat(words(prompts.write(request(3)))).hasSize(1);
    }

    private static int sharedWords(PromptText prompts, int one, int other) {
        String[] a = words(prompts.write(request(one)));
        String[] b = words(prompts.write(request(other)));
        int mismatch = java.util.Arrays.mismatch(a, b);
        return mismatch < 0 ? a.length : mismatch;
    }

    private static String[] words(String text) {
        return text.split(" ");
    }

    private static PlannedRequest request(int index) {
        return new PlannedRequest(index, SHAPE, 0);
    }
}
