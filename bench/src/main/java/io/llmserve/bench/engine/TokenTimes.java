package io.llmserve.bench.engine;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.FinishReason;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenLogprobs;
import io.llmserve.engine.GenerationListener;
import io.llmserve.engine.GenerationUsage;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// When each token of a generation came. Written on the engine's thread, read after [#await()].
final class TokenTimes implements GenerationListener {
    private static final long MAX_MINUTES = 10;

    private final Clock clock;
    private final long[] nanos;
    private final IntConsumer onCount;
    private final CountDownLatch ended = new CountDownLatch(1);
    private int count;
    private @Nullable ServeException failure;

    /// @param onCount hears how many tokens there are, on the engine's thread
    TokenTimes(Clock clock, int tokens, IntConsumer onCount) {
        this.clock = clock;
        this.nanos = new long[tokens];
        this.onCount = onCount;
    }

    @Override
    public void onToken(int tokenId, @Nullable TokenLogprobs logprobs) {
        nanos[count++] = clock.nanos();
        onCount.accept(count);
    }

    @Override
    public void onEnd(FinishReason reason, GenerationUsage usage) {
        ended.countDown();
    }

    @Override
    public void onFailure(ServeException cause) {
        failure = cause;
        ended.countDown();
    }

    /// The times of all tokens asked for, in nanoseconds; fails where the engine did, or gave fewer.
    long[] await() {
        try {
            if (!ended.await(MAX_MINUTES, TimeUnit.MINUTES)) {
                throw new ServeException(
                        Failure.TIMEOUT, "the engine gave no end within %d minutes".formatted(MAX_MINUTES));
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new ServeException(Failure.UNAVAILABLE, "interrupted while the engine ran", interrupted);
        }
        if (failure != null) {
            throw failure;
        }
        if (count < nanos.length) {
            throw new ServeException(
                    Failure.INTERNAL, "the engine gave %d of %d tokens".formatted(count, nanos.length));
        }
        return Arrays.copyOf(nanos, count);
    }
}
