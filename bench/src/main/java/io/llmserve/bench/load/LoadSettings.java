package io.llmserve.bench.load;

import static io.llmserve.core.Checks.check;

import java.util.Optional;

/// A whole run: the plan, how its requests look, and what is asked of the answers.
///
/// @param model absent: the first that the server lists
/// @param warmup requests sent before, one by one, that are not counted
public record LoadSettings(LoadPlan plan, Optional<String> model, Form form, int warmup, Objectives objectives) {
    public LoadSettings {
        check(warmup >= 0, "warm-up must not be negative, got %d", warmup);
    }

    /// @param chat `/v1/chat/completions`; otherwise `/v1/completions`
    /// @param sharedTokens see [PromptText]
    public record Form(boolean chat, boolean streamed, int sharedTokens, int groups) {}
}
