package io.llmserve.e2e;

import java.util.Collections;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Prompts that SmolLM2-135M-Instruct goes on with without a doubt: the likeliest token is ahead of the next one by 0.6
/// or
/// more (in logits), so that rounding, which differs between engines and between batches, decides nothing. They begin
/// differently for each endpoint, so that none finds the pages of another.
final class CertainPrompts {
    private static final String COUNT = "one two three four five six seven eight nine ten";

    private CertainPrompts() {}

    /// About 100 tokens, and hundreds more of answer.
    static String shorter(String path) {
        return switch (path) {
            case VllmServer.TEXT -> "For ever and ever, repeat: " + counts(8);
            case VllmServer.CHAT -> "Repeat for ever: " + counts(8);
            default -> counts(8);
        };
    }

    /// Over 600 tokens, and some dozens of answer.
    static String longer(String path) {
        return switch (path) {
            case VllmServer.TEXT -> "At last. " + story();
            case VllmServer.CHAT -> "Repeat for ever: " + counts(60);
            default -> "x. " + story();
        };
    }

    private static String counts(int times) {
        return String.join(" ", Collections.nCopies(times, COUNT));
    }

    private static String story() {
        return IntStream.rangeClosed(1, 40)
                .mapToObj("Line %1$d of the story says that the ship sailed on to harbour %1$d."::formatted)
                .collect(Collectors.joining(" "));
    }
}
