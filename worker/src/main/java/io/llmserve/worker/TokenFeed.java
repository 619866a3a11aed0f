package io.llmserve.worker;

import io.llmserve.core.Clock;
import io.llmserve.core.FinishReason;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenLogprobs;
import io.llmserve.engine.GenerationListener;
import io.llmserve.engine.GenerationUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Carries what the engine says from its thread, which must not wait, to the thread of the answer. Holds at
/// most the tokens that the request asked for, and its prompts' log-probabilities: that is its bound.
final class TokenFeed {
    private final Clock clock;
    private final LinkedBlockingQueue<TokenEvent> events = new LinkedBlockingQueue<>();

    TokenFeed(Clock clock) {
        this.clock = clock;
    }

    GenerationListener listener(int choice) {
        return new GenerationListener() {
            @Override
            public void onPrompt(List<TokenLogprobs> logprobs) {
                events.add(new TokenEvent.Prompt(choice, logprobs));
            }

            @Override
            public void onToken(int tokenId, @Nullable TokenLogprobs logprobs) {
                events.add(new TokenEvent.Token(choice, tokenId, logprobs, clock.nanos()));
            }

            @Override
            public void onEnd(FinishReason reason, GenerationUsage usage) {
                events.add(new TokenEvent.End(choice, reason, usage, clock.nanos()));
            }

            @Override
            public void onFailure(ServeException failure) {
                events.add(new TokenEvent.Failed(choice, failure));
            }
        };
    }

    /// All that has come since the last call, in order; waits for the first. Empty when the time is over.
    List<TokenEvent> take(long nanos) throws InterruptedException {
        List<TokenEvent> taken = new ArrayList<>();
        TokenEvent first = events.poll(nanos, TimeUnit.NANOSECONDS);
        if (first != null) {
            taken.add(first);
            events.drainTo(taken);
        }
        return taken;
    }
}
