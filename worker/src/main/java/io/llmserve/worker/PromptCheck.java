package io.llmserve.worker;

import io.llmserve.core.ServeException;
import io.llmserve.wire.GenerationFields;
import io.llmserve.wire.Prompt;
import io.llmserve.wire.RequestLimits;
import io.llmserve.worker.Plan.Echo;
import io.llmserve.worker.Plan.PlannedPrompt;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/// Turns prompts into token ids and refuses, with both numbers, what the model can never run.
final class PromptCheck {
    private final ServedModel model;
    private final int longestTokenBytes;
    /// The tokenizer is native code: while it runs, it holds the thread that carries virtual threads. One stays
    /// free.
    private final Semaphore tokenizers =
            new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() - 1));

    PromptCheck(ServedModel model) {
        this.model = model;
        int longest = 1;
        for (int id = 0; id < model.language().vocabularySize(); id++) {
            longest = Math.max(longest, model.language().bytes(id).length);
        }
        this.longestTokenBytes = longest;
    }

    int[] tokenIds(Prompt prompt, boolean addSpecialTokens) throws InterruptedException {
        return switch (prompt) {
            case Prompt.Text text ->
                tokenize(text.text().length(), () -> model.language().encode(text.text(), addSpecialTokens));
            case Prompt.Tokens tokens -> inVocabulary("prompt", tokens.ids());
        };
    }

    /// @param characters UTF-16 units of all the text, each of which is at least one byte
    int[] tokenize(long characters, Supplier<int[]> tokenizer) throws InterruptedException {
        long atLeast = characters / longestTokenBytes;
        if (atLeast >= model.contextLength()) {
            throw tooLong("at least " + atLeast, atLeast);
        }
        return tokenizeAny(tokenizer);
    }

    /// Runs the tokenizer on a text of any length.
    int[] tokenizeAny(Supplier<int[]> tokenizer) throws InterruptedException {
        tokenizers.acquire();
        try {
            return tokenizer.get();
        } finally {
            tokenizers.release();
        }
    }

    int[] inVocabulary(String field, int[] tokenIds) {
        for (int id : tokenIds) {
            if (id >= model.language().vocabularySize()) {
                throw ServeException.invalid(
                        field,
                        "Token id %d is out of vocabulary: this model has %d tokens."
                                .formatted(id, model.language().vocabularySize()));
            }
        }
        return tokenIds;
    }

    /// @param defaultMaxTokens where the request names no limit
    PlannedPrompt plan(int[] tokenIds, Echo echo, GenerationFields fields, int defaultMaxTokens) {
        if (tokenIds.length == 0) {
            throw ServeException.invalid("prompt", "The prompt is empty: at least one token is needed.");
        }
        var stopping = fields.sampling().stopping();
        int room = model.contextLength() - tokenIds.length;
        if (room < Math.min(1, stopping.maxTokens().orElse(1))) {
            throw tooLong(Integer.toString(tokenIds.length), tokenIds.length);
        }
        int maxTokens = stopping.maxTokens().orElse(Math.min(room, defaultMaxTokens));
        if (maxTokens > room) {
            throw ServeException.invalid(
                    "max_tokens",
                    ("'max_tokens' or 'max_completion_tokens' is too large: %d. This model's maximum context length is"
                                    + " %d tokens and your request has %d input tokens (%d > %d - %d).")
                            .formatted(
                                    maxTokens,
                                    model.contextLength(),
                                    tokenIds.length,
                                    maxTokens,
                                    model.contextLength(),
                                    tokenIds.length));
        }
        if (stopping.minTokens() > maxTokens) {
            throw ServeException.invalid(
                    "min_tokens",
                    "min_tokens must be at most max_tokens, %d, got %d.".formatted(maxTokens, stopping.minTokens()));
        }
        stopping.stopTokenIds().forEach(id -> inVocabulary("stop_token_ids", new int[] {id}));
        fields.sampling().logitBias().keySet().forEach(id -> inVocabulary("logit_bias", new int[] {id}));
        return new PlannedPrompt(tokenIds, echo, maxTokens);
    }

    /// The log-probabilities of prompts are held until the answer is sent.
    static void limitLogprobs(List<PlannedPrompt> prompts, int choices) {
        long total = 0;
        for (PlannedPrompt prompt : prompts) {
            total += (long) choices
                    * prompt.tokenIds().length
                    * (1 + prompt.echo().logprobs());
        }
        if (total > RequestLimits.MAX_PROMPT_LOGPROBS) {
            throw ServeException.invalid(
                    "logprobs",
                    "echo with these prompts, n and logprobs asks for %d log-probabilities; at most %d are allowed."
                            .formatted(total, RequestLimits.MAX_PROMPT_LOGPROBS));
        }
    }

    /// vLLM's words.
    private ServeException tooLong(String found, long value) {
        return ServeException.invalid(
                "input_tokens",
                ("This model's maximum context length is %d tokens. However, your prompt contains %s input tokens, which"
                                + " leaves no room for any output tokens. Please reduce the length of the input prompt."
                                + " (parameter=input_tokens, value=%d)")
                        .formatted(model.contextLength(), found, value));
    }
}
