package io.llmserve.worker;

import io.llmserve.core.FinishReason;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenLogprobs;
import io.llmserve.engine.GenerationUsage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the engine says of one generation, on its way from the engine's thread to the answer's.
sealed interface TokenEvent {
    /// Which of the answer's choices.
    int choice();

    /// @param logprobs of the prompt's tokens but the first
    record Prompt(int choice, List<TokenLogprobs> logprobs) implements TokenEvent {}

    /// @param nanos when the engine said so
    record Token(int choice, int id, @Nullable TokenLogprobs logprobs, long nanos) implements TokenEvent {}

    record End(int choice, FinishReason reason, GenerationUsage usage, long nanos) implements TokenEvent {}

    record Failed(int choice, ServeException failure) implements TokenEvent {}
}
