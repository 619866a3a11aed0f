package io.llmserve.engine;

import io.llmserve.core.FinishReason;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenLogprobs;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A listener that keeps what it hears, and completes at the end; a second end is an error.
class Heard implements GenerationListener {
    /// What a generation gave. Log-probabilities are compared bit for bit.
    record Answer(
            List<Integer> tokens,
            List<List<Integer>> logprobBits,
            List<List<Integer>> promptLogprobBits,
            FinishReason reason) {}

    private final List<Integer> tokens = new CopyOnWriteArrayList<>();
    private final List<TokenLogprobs> logprobs = new CopyOnWriteArrayList<>();
    private final List<TokenLogprobs> promptLogprobs = new CopyOnWriteArrayList<>();
    private final CompletableFuture<FinishReason> end = new CompletableFuture<>();
    private final CompletableFuture<GenerationUsage> usage = new CompletableFuture<>();

    @Override
    public void onPrompt(List<TokenLogprobs> scores) {
        if (!tokens.isEmpty() || !promptLogprobs.isEmpty()) {
            throw new IllegalStateException("the prompt comes late or twice");
        }
        promptLogprobs.addAll(scores);
    }

    @Override
    public void onToken(int tokenId, @Nullable TokenLogprobs at) {
        tokens.add(tokenId);
        if (at != null) {
            logprobs.add(at);
        }
    }

    @Override
    public void onEnd(FinishReason reason, GenerationUsage used) {
        usage.complete(used);
        if (!end.complete(reason)) {
            throw new IllegalStateException("a second end");
        }
    }

    @Override
    public void onFailure(ServeException failure) {
        usage.completeExceptionally(failure);
        if (!end.completeExceptionally(failure)) {
            throw new IllegalStateException("a second end");
        }
    }

    FinishReason reason() throws Exception {
        return end.get(60, TimeUnit.SECONDS);
    }

    GenerationUsage usage() throws Exception {
        return usage.get(60, TimeUnit.SECONDS);
    }

    List<Integer> tokens() {
        return List.copyOf(tokens);
    }

    List<TokenLogprobs> logprobs() {
        return List.copyOf(logprobs);
    }

    List<TokenLogprobs> promptLogprobs() {
        return List.copyOf(promptLogprobs);
    }

    Answer answer() throws Exception {
        FinishReason reason = reason();
        return new Answer(tokens(), bits(logprobs), bits(promptLogprobs), reason);
    }

    private static List<List<Integer>> bits(List<TokenLogprobs> logprobs) {
        return logprobs.stream().map(Heard::bits).toList();
    }

    private static List<Integer> bits(TokenLogprobs logprobs) {
        List<Integer> bits = new ArrayList<>();
        bits.add(Float.floatToRawIntBits(logprobs.chosen()));
        for (int i = 0; i < logprobs.topTokenIds().length; i++) {
            bits.add(logprobs.topTokenIds()[i]);
            bits.add(Float.floatToRawIntBits(logprobs.topLogprobs()[i]));
        }
        return bits;
    }
}
