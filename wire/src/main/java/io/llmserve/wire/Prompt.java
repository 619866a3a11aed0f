package io.llmserve.wire;

/// What a text completion continues.
public sealed interface Prompt {
    record Text(String text) implements Prompt {}

    /// Already tokenised by the caller.
    record Tokens(int[] ids) implements Prompt {}
}
