package io.llmserve.bench.load;

import static io.llmserve.core.Checks.check;

import java.util.SplittableRandom;

/// Prompts of about the wanted number of tokens, of common short words. Two requests share nothing but the prefix
/// asked for, so that a prefix cache helps only where the plan says so. Which words: a function of (seed, request)
/// alone.
///
/// @param size how many tokens words become
/// @param sharedTokens so many tokens at the start are the same for all requests of a group
/// @param groups how many different shared starts there are; requests take them in turn
public record PromptText(Size size, int sharedTokens, int groups, long seed) {
    private static final String[] WORDS =
            ("time year people way day man thing woman life child world school state family"
                            + " student group country problem hand part place case week company system program question work"
                            + " government number night point home water room mother area money story fact month lot right"
                            + " study book eye job word business issue side kind head house service friend father power hour"
                            + " game line end member law car city")
                    .split(" ");

    /// @param tokensPerWord as the server counts them
    /// @param templateTokens what a prompt has without any word (the chat template's)
    public record Size(double tokensPerWord, double templateTokens) {
        public static final Size WORD_IS_TOKEN = new Size(1, 0);

        public Size {
            check(tokensPerWord > 0, "tokens per word must be positive, got %s", tokensPerWord);
        }

        int words(int tokens) {
            return Math.max(1, (int) Math.round((tokens - templateTokens) / tokensPerWord));
        }
    }

    public PromptText {
        check(sharedTokens >= 0, "shared prefix must not be negative, got %d", sharedTokens);
        check(groups >= 1, "prefix groups must be at least 1, got %d", groups);
    }

    public String write(PlannedRequest request) {
        int words = size.words(request.shape().promptTokens());
        int shared = sharedTokens == 0 ? 0 : Math.min(size.words(sharedTokens), words - 1);
        StringBuilder text = new StringBuilder(words * 6);
        append(text, new SplittableRandom(~seed - request.index() % groups), shared);
        append(text, new SplittableRandom(seed * 0x9E3779B97F4A7C15L + request.index()), words - shared);
        return text.toString().stripTrailing();
    }

    private static void append(StringBuilder text, SplittableRandom random, int words) {
        for (int i = 0; i < words; i++) {
            text.append(WORDS[random.nextInt(WORDS.length)]).append(' ');
        }
    }
}
