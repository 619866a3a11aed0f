package io.llmserve.worker;

import io.llmserve.core.Failure;
import io.llmserve.core.FinishReason;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenLogprobs;
import io.llmserve.engine.Engine;
import io.llmserve.engine.EngineStatistics;
import io.llmserve.engine.Generation;
import io.llmserve.engine.GenerationListener;
import io.llmserve.engine.GenerationRequest;
import io.llmserve.engine.GenerationUsage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Says what its script says, one token a step for every generation, on one thread of its own. Steps are taken
/// freely, or as many as a test allows.
final class FakeEngine implements Engine {
    private final Object lock = new Object();
    private final List<Live> live = new ArrayList<>();
    private final List<GenerationRequest> submitted = new CopyOnWriteArrayList<>();
    private final Thread thread = new Thread(this::steps, "fake-engine");
    private Function<GenerationRequest, int[]> script = request -> FakeLanguage.ids("Hello world");
    private long stepsAllowed = Long.MAX_VALUE;
    private int queueLimit = 1_000;
    private boolean draining;
    private boolean closed;
    private long changes;
    private long generated;
    private @Nullable ServeException failure;

    FakeEngine() {
        thread.setDaemon(true);
        thread.start();
    }

    private final class Live implements Generation {
        private final GenerationRequest request;
        private final GenerationListener listener;
        private final int[] tokens;
        private int said;
        private boolean cancelled;

        Live(GenerationRequest request, GenerationListener listener) {
            this.request = request;
            this.listener = listener;
            this.tokens = script.apply(request);
            this.said = request.resumed().length;
        }

        @Override
        public String id() {
            return request.id();
        }

        @Override
        public void cancel() {
            synchronized (lock) {
                cancelled = true;
                changed();
            }
        }

        /// Whether this was the last.
        private boolean step(boolean allowed) {
            if (cancelled || closed) {
                listener.onEnd(FinishReason.ABORT, usage());
                return true;
            }
            if (!allowed) {
                return false;
            }
            if (failure != null && said > 0) {
                listener.onFailure(failure);
                return true;
            }
            if (said == 0 && request.promptLogprobs() >= 0) {
                listener.onPrompt(promptLogprobs());
            }
            if (said == request.sampling().stopping().maxTokens()) {
                listener.onEnd(FinishReason.LENGTH, usage());
                return true;
            }
            int token = tokens[said++ % tokens.length];
            generated++;
            listener.onToken(token, logprobs(token, request.sampling().logprobs()));
            boolean eos =
                    token == FakeLanguage.EOS && !request.sampling().stopping().ignoreEos();
            if (eos || request.sampling().stopping().stopTokenIds().contains(token)) {
                listener.onEnd(FinishReason.STOP, usage());
                return true;
            }
            if (said == request.sampling().stopping().maxTokens()) {
                listener.onEnd(FinishReason.LENGTH, usage());
                return true;
            }
            return false;
        }

        private List<TokenLogprobs> promptLogprobs() {
            return Arrays.stream(request.prompt())
                    .skip(1)
                    .mapToObj(token -> alternatives(token, request.promptLogprobs()))
                    .toList();
        }

        private static @Nullable TokenLogprobs logprobs(int token, int count) {
            return count < 0 ? null : alternatives(token, count);
        }

        private static TokenLogprobs alternatives(int token, int count) {
            int[] top = new int[count];
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                top[i] = i == 0 ? token : 'a' + i;
                values[i] = -0.25f - i;
            }
            return new TokenLogprobs(-0.25f, top, values);
        }

        private GenerationUsage usage() {
            return new GenerationUsage(request.prompt().length, 2, 0, said, 1, 1_000_000, 20_000_000, 300_000_000);
        }
    }

    void script(Function<GenerationRequest, int[]> next) {
        script = next;
    }

    /// Every generation says this text.
    void says(String text) {
        script = request -> FakeLanguage.ids(text);
    }

    /// From now on no step is taken but these.
    void allow(long steps) {
        synchronized (lock) {
            stepsAllowed = stepsAllowed == Long.MAX_VALUE ? steps : stepsAllowed + steps;
            changed();
        }
    }

    void queueLimit(int limit) {
        queueLimit = limit;
    }

    /// Every generation fails after its first token.
    void failWith(@Nullable ServeException next) {
        synchronized (lock) {
            failure = next;
        }
    }

    List<GenerationRequest> submitted() {
        return submitted;
    }

    int live() {
        synchronized (lock) {
            return live.size();
        }
    }

    @Override
    public Generation submit(GenerationRequest request, GenerationListener listener) {
        synchronized (lock) {
            if (draining || closed) {
                throw new ServeException(Failure.UNAVAILABLE, "draining");
            }
            if (live.size() >= queueLimit) {
                throw ServeException.overloaded(
                        "The queue holds %d of %d.".formatted(live.size(), queueLimit), Duration.ofMillis(2_500));
            }
            submitted.add(request);
            Live generation = new Live(request, listener);
            live.add(generation);
            changed();
            return generation;
        }
    }

    @Override
    public EngineStatistics statistics() {
        synchronized (lock) {
            return new EngineStatistics(
                    new EngineStatistics.Gauges(
                            live.size(), 3, new EngineStatistics.Fetching(1, 0, 0), 64, 16, 8, 16, true),
                    new EngineStatistics.Counters(100, 30, 16, generated, 90, 30, 1, 0, 0, 54, 512),
                    EngineStatistics.Handovers.NONE,
                    new EngineStatistics.StepTokens(new long[] {3, 0, 0, 1, 0, 0, 2}, 101));
        }
    }

    @Override
    public void drain(Duration deadline) {
        synchronized (lock) {
            draining = true;
        }
        long until = System.nanoTime() + deadline.toNanos();
        while (live() > 0 && System.nanoTime() < until) {
            Harness.pause();
        }
        synchronized (lock) {
            live.forEach(Live::cancel);
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            changed();
        }
    }

    private void steps() {
        try {
            stepUntilClosed();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private void stepUntilClosed() throws InterruptedException {
        synchronized (lock) {
            while (!closed || !live.isEmpty()) {
                boolean allowed = stepsAllowed > 0 && !live.isEmpty();
                int before = live.size();
                live.removeIf(generation -> generation.step(allowed));
                if (allowed && stepsAllowed != Long.MAX_VALUE) {
                    stepsAllowed--;
                }
                boolean idle = !allowed && live.size() == before;
                long seen = changes;
                while (idle && seen == changes) {
                    lock.wait();
                }
            }
        }
    }

    private void changed() {
        changes++;
        lock.notifyAll();
    }
}
