package io.llmserve.engine;

import io.llmserve.core.FinishReason;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenLogprobs;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Hears one generation, on the engine's thread: must not block and must not throw.
public interface GenerationListener {
    /// The prompt's own log-probabilities, where the request asked for them: of its second token and all that follow,
    /// each given those before. Comes once, before the first token.
    default void onPrompt(List<TokenLogprobs> logprobs) {}

    /// The next token. An end-of-sequence or stop token that ends the generation is reported too, as the last one.
    void onToken(int tokenId, @Nullable TokenLogprobs logprobs);

    void onEnd(FinishReason reason, GenerationUsage usage);

    /// The engine failed this request: no token follows.
    void onFailure(ServeException failure);
}
