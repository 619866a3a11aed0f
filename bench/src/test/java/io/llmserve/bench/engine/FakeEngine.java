package io.llmserve.bench.engine;

import io.llmserve.core.Clock;
import io.llmserve.core.FinishReason;
import io.llmserve.engine.Engine;
import io.llmserve.engine.EngineStatistics;
import io.llmserve.engine.Generation;
import io.llmserve.engine.GenerationListener;
import io.llmserve.engine.GenerationRequest;
import io.llmserve.engine.GenerationUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/// Takes [#STEP_NANOS] of its own time for a step and [#PROMPT_TOKEN_NANOS] for each prompt token that no request
/// of the same salt had before.
final class FakeEngine implements Engine, Clock {
    static final long STEP_NANOS = 1_000_000;
    static final long PROMPT_TOKEN_NANOS = 100_000;

    private final AtomicLong now = new AtomicLong(1_000_000_000L);
    private final BlockingQueue<Running> submitted = new LinkedBlockingQueue<>();
    private final Map<String, Integer> computed = new HashMap<>();
    private final Thread thread = Thread.ofPlatform().daemon().start(this::run);

    private static final class Running {
        final GenerationRequest request;
        final GenerationListener listener;
        int tokens;

        Running(GenerationRequest request, GenerationListener listener) {
            this.request = request;
            this.listener = listener;
        }
    }

    @Override
    public Generation submit(GenerationRequest request, GenerationListener listener) {
        submitted.add(new Running(request, listener));
        return new Generation() {
            @Override
            public String id() {
                return request.id();
            }

            @Override
            public void cancel() {
                throw new UnsupportedOperationException();
            }
        };
    }

    private void run() {
        List<Running> running = new ArrayList<>();
        try {
            while (true) {
                if (running.isEmpty()) {
                    running.add(submitted.take());
                }
                submitted.drainTo(running);
                step(running);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void step(List<Running> running) {
        long nanos = STEP_NANOS;
        for (Running each : running) {
            if (each.tokens == 0) {
                int length = each.request.prompt().length;
                String prefix = each.request.cacheSalt() + "/" + each.request.prompt()[0];
                nanos += PROMPT_TOKEN_NANOS * (length - computed.getOrDefault(prefix, 0));
                computed.merge(prefix, length, Math::max);
            }
        }
        now.addAndGet(nanos);
        for (Running each : running) {
            each.tokens++;
            each.listener.onToken(7, null);
            if (each.tokens == each.request.sampling().stopping().maxTokens()) {
                each.listener.onEnd(FinishReason.LENGTH, new GenerationUsage(1, 0, 0, each.tokens, 0, 0, 0, 0));
            }
        }
        running.removeIf(
                each -> each.tokens == each.request.sampling().stopping().maxTokens());
    }

    @Override
    public long nanos() {
        return now.get();
    }

    @Override
    public Instant now() {
        return Instant.EPOCH;
    }

    @Override
    public EngineStatistics statistics() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void drain(Duration deadline) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
