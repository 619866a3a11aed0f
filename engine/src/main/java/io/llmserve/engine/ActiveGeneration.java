package io.llmserve.engine;

import io.llmserve.core.FinishReason;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenLogprobs;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A generation from submit to end: its sequence, what its sampler must remember, its times and its listener.
/// Owned by the step thread, but for [#cancel()].
final class ActiveGeneration implements Generation {
    private final GenerationRequest request;
    private final GenerationListener listener;
    private final Consumer<ActiveGeneration> canceller;
    private final AtomicBoolean cancelled = new AtomicBoolean();
    private final Sequence sequence;
    private final TokenCounts counts = new TokenCounts();
    private final boolean countsTokens;
    /// Its prompt's pages, where they are offered to another engine.
    private final @Nullable PromptExport export;
    private final List<TokenLogprobs> promptLogprobs = new ArrayList<>();
    private final long submittedNanos;
    private long startedNanos;
    private long answeredNanos;
    private boolean started;
    private boolean answered;
    private boolean promptEnded;

    ActiveGeneration(
            GenerationRequest request,
            GenerationListener listener,
            Consumer<ActiveGeneration> canceller,
            @Nullable PromptExport export,
            long arrival,
            long nowNanos) {
        this.request = request;
        this.listener = listener;
        this.canceller = canceller;
        this.export = export;
        boolean scored = request.promptLogprobs() >= 0;
        this.sequence = new Sequence(
                request.prompt(), request.resumed(), request.cacheSalt(), request.priority(), arrival, scored);
        // Pages that another engine computed come without the logits that scores are made of.
        if (request.handover() instanceof Handover.Fetch && !scored) {
            sequence.wantPages();
        }
        this.submittedNanos = nowNanos;
        this.countsTokens = Sampler.hasPenalties(request.sampling());
        if (countsTokens) {
            counts.addPrompt(request.prompt());
            for (int token : request.resumed()) {
                counts.addAnswer(token);
            }
        }
    }

    @Override
    public String id() {
        return request.id();
    }

    @Override
    public void cancel() {
        if (!cancelled.getAndSet(true)) {
            canceller.accept(this);
        }
    }

    @Nullable
    PromptExport export() {
        return export;
    }

    Sequence sequence() {
        return sequence;
    }

    /// A step is about to compute tokens of it; true the first time.
    boolean start(long nowNanos) {
        if (started) {
            return false;
        }
        started = true;
        startedNanos = nowNanos;
        return true;
    }

    long waitedNanos(long nowNanos) {
        return (started ? startedNanos : nowNanos) - submittedNanos;
    }

    boolean hasStarted() {
        return started;
    }

    Sampler.Context samplingContext() {
        return new Sampler.Context(request.sampling(), counts, sequence.generated(), sequence.length());
    }

    /// Takes up the log-probabilities of the prompt's next token.
    void score(TokenLogprobs logprobs) {
        promptLogprobs.add(logprobs);
        sequence.score();
    }

    /// The whole prompt has gone through the model: tells the listener, once, what it asked for.
    void endPrompt() {
        if (!promptEnded && request.promptLogprobs() >= 0) {
            promptEnded = true;
            listener.onPrompt(List.copyOf(promptLogprobs));
        }
    }

    /// Takes up the next token and tells the listener.
    void accept(Sampler.Choice choice, long nowNanos) {
        if (!answered) {
            answered = true;
            answeredNanos = nowNanos;
        }
        sequence.append(choice.tokenId());
        if (countsTokens) {
            counts.addAnswer(choice.tokenId());
        }
        listener.onToken(choice.tokenId(), choice.logprobs());
    }

    void end(FinishReason reason, long nowNanos) {
        listener.onEnd(reason, usage(nowNanos));
    }

    void fail(ServeException failure) {
        listener.onFailure(failure);
    }

    GenerationRequest request() {
        return request;
    }

    private GenerationUsage usage(long nowNanos) {
        long start = started ? startedNanos : nowNanos;
        long answer = answered ? answeredNanos : nowNanos;
        return new GenerationUsage(
                sequence.promptLength(),
                sequence.cachedTokens(),
                sequence.importedTokens(),
                sequence.generated(),
                sequence.preemptions(),
                start - submittedNanos,
                answer - start,
                nowNanos - answer);
    }
}
