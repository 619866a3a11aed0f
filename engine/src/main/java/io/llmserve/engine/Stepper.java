package io.llmserve.engine;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.FinishReason;
import io.llmserve.core.ServeException;
import io.llmserve.engine.Scheduler.Slice;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The generations of an engine and the step that moves them: schedule, forward, sample, advance. What fails
/// takes with it only the generations that it concerns, and leaves no page behind. Owned by the step thread.
final class Stepper {
    private static final Logger LOG = LoggerFactory.getLogger(Stepper.class);

    private final Parts parts;
    private final Clock clock;
    private final Consumer<ActiveGeneration> onLeftQueue;
    private final Map<Sequence, ActiveGeneration> live = new HashMap<>();
    private long promptTokens;
    private long cachedTokens;
    private long importedTokens;
    private long generatedTokens;
    private final StepSizes stepSizes = new StepSizes();
    private long steps;
    private long busyNanos;

    /// What a step uses, besides time.
    record Parts(
            BlockPool pool,
            Scheduler scheduler,
            Handovers handovers,
            StepRunner runner,
            Sampler sampler,
            StopRule stopRule) {}

    /// @param onLeftQueue called once for each generation, when it starts or ends before
    Stepper(Parts parts, Clock clock, Consumer<ActiveGeneration> onLeftQueue) {
        this.parts = parts;
        this.clock = clock;
        this.onLeftQueue = onLeftQueue;
    }

    boolean isIdle() {
        return live.isEmpty();
    }

    /// A generation whose first tokens come from elsewhere may be at its end already.
    void add(ActiveGeneration generation) {
        Sequence sequence = generation.sequence();
        live.put(sequence, generation);
        if (generation.export() != null) {
            parts.handovers().begin(generation.export());
        }
        Optional<FinishReason> over =
                sequence.generated() == 0 ? Optional.empty() : reasonToEnd(generation, sequence.lastToken());
        over.ifPresentOrElse(
                reason -> finish(generation, reason), () -> parts.scheduler().add(sequence));
    }

    /// Ends a generation that was never added.
    void refuse(ActiveGeneration generation, ServeException failure) {
        onLeftQueue.accept(generation);
        if (generation.export() != null) {
            parts.handovers().fail(generation.export(), failure);
        }
        tell(() -> generation.fail(failure), generation);
    }

    /// One batch through the model; false where there is nothing to compute now.
    boolean step() {
        long began = clock.nanos();
        List<Slice> slices = parts.scheduler().next();
        parts.scheduler().takeOpened().forEach(this::fetch);
        if (slices.isEmpty()) {
            return false;
        }
        for (Slice slice : slices) {
            start(generation(slice.sequence()), began);
        }
        if (forward(slices)) {
            slices.forEach(this::computed);
            sample(slices);
        }
        steps++;
        stepSizes.add(slices.stream().mapToInt(Slice::count).sum());
        busyNanos += clock.nanos() - began;
        return true;
    }

    /// Pages have come from elsewhere, or will not come.
    void imported(PromptImport.Closed closed) {
        if (!parts.handovers().close(closed)) {
            return;
        }
        Sequence sequence = closed.source().sequence();
        if (closed.failure() == null) {
            parts.scheduler().imported(sequence, closed.filled());
        } else {
            fail(generation(sequence), closed.failure());
        }
    }

    /// Ends the generation with ABORT, unless it has ended.
    void abort(ActiveGeneration generation) {
        if (live.containsKey(generation.sequence())) {
            finish(generation, FinishReason.ABORT);
        }
    }

    void abortAll() {
        List.copyOf(live.values()).forEach(this::abort);
    }

    void failAll(ServeException failure) {
        List.copyOf(live.values()).forEach(generation -> fail(generation, failure));
    }

    EngineStatistics statistics() {
        BlockPool pool = parts.pool();
        Scheduler scheduler = parts.scheduler();
        return new EngineStatistics(
                new EngineStatistics.Gauges(
                        scheduler.running(),
                        scheduler.waiting(),
                        scheduler.fetching(),
                        pool.pages(),
                        pool.used(),
                        pool.cached(),
                        Sequence.PAGE_TOKENS,
                        scheduler.prefixCaching()),
                new EngineStatistics.Counters(
                        promptTokens,
                        cachedTokens,
                        importedTokens,
                        generatedTokens,
                        scheduler.prefixQueries(),
                        scheduler.prefixHits(),
                        scheduler.preemptions(),
                        steps,
                        busyNanos,
                        scheduler.promptStepTokens(),
                        scheduler.promptStepRoom()),
                parts.handovers().statistics(),
                stepSizes.snapshot());
    }

    private void fetch(Sequence sequence) {
        if (generation(sequence).request().handover() instanceof Handover.Fetch(PageFiller filler)) {
            int first = sequence.computed() / Sequence.PAGE_TOKENS;
            parts.handovers().open(sequence, first, sequence.reusableBlocks(), filler);
        }
    }

    private void computed(Slice slice) {
        parts.scheduler().computed(slice);
        PromptExport export = generation(slice.sequence()).export();
        if (export != null) {
            parts.handovers().computed(export, slice.sequence());
        }
    }

    private ActiveGeneration generation(Sequence sequence) {
        ActiveGeneration generation = live.get(sequence);
        if (generation == null) {
            throw new IllegalStateException("a sequence is scheduled that has no generation");
        }
        return generation;
    }

    private void start(ActiveGeneration generation, long nowNanos) {
        if (generation.start(nowNanos)) {
            Sequence sequence = generation.sequence();
            promptTokens += sequence.promptLength();
            cachedTokens += sequence.cachedTokens();
            importedTokens += sequence.importedTokens();
            onLeftQueue.accept(generation);
        }
    }

    /// False where the model failed: nobody can say which sequence was the cause, so all of this batch end.
    private boolean forward(List<Slice> slices) {
        try {
            parts.runner().forward(slices);
            return true;
        } catch (RuntimeException | Error e) {
            failBatch(slices, e);
            return false;
        }
    }

    private void sample(List<Slice> slices) {
        try {
            parts.runner().visitLogits(slices, this::useLogits);
        } catch (RuntimeException | Error e) {
            failBatch(slices, e);
        }
    }

    private void failBatch(List<Slice> slices, Throwable cause) {
        LOG.error("a step of {} sequences failed", slices.size(), cause);
        ServeException failure =
                new ServeException(Failure.INTERNAL, "the engine failed while computing: " + cause, cause);
        for (Slice slice : slices) {
            ActiveGeneration generation = live.get(slice.sequence());
            if (generation != null) {
                fail(generation, failure);
            }
        }
    }

    /// A generation that ended at an earlier row has no use for its later ones.
    private void useLogits(Sequence sequence, int position, float[] logits, int at) {
        ActiveGeneration generation = live.get(sequence);
        if (generation == null) {
            return;
        }
        try {
            if (position < sequence.length() - 1) {
                int next = sequence.token(position + 1);
                generation.score(parts.sampler()
                        .score(logits, at, next, generation.request().promptLogprobs()));
            } else {
                sample(generation, logits, at);
            }
        } catch (ServeException e) {
            fail(generation, e);
        }
    }

    private void sample(ActiveGeneration generation, float[] logits, int at) {
        if (!tell(generation::endPrompt, generation)) {
            finish(generation, FinishReason.ABORT);
            return;
        }
        if (generation.request().sampling().stopping().maxTokens() == 0) {
            finish(generation, FinishReason.LENGTH);
            return;
        }
        Sampler.Choice choice = parts.sampler().choose(logits, at, generation.samplingContext());
        generatedTokens++;
        if (!tell(() -> generation.accept(choice, clock.nanos()), generation)) {
            finish(generation, FinishReason.ABORT);
            return;
        }
        reasonToEnd(generation, choice.tokenId()).ifPresent(end -> finish(generation, end));
    }

    private Optional<FinishReason> reasonToEnd(ActiveGeneration generation, int lastToken) {
        return parts.stopRule()
                .after(
                        lastToken,
                        generation.sequence(),
                        generation.request().sampling().stopping());
    }

    private void finish(ActiveGeneration generation, FinishReason reason) {
        parts.scheduler().remove(generation.sequence());
        PromptExport export = generation.export();
        if (export != null && reason == FinishReason.ABORT) {
            parts.handovers().fail(export, new ServeException(Failure.UNAVAILABLE, "the request was cancelled"));
        } else if (export != null) {
            parts.handovers().complete(export, clock.nanos());
        }
        forget(generation);
        tell(() -> generation.end(reason, clock.nanos()), generation);
    }

    private void fail(ActiveGeneration generation, ServeException failure) {
        parts.scheduler().discard(generation.sequence());
        if (generation.export() != null) {
            parts.handovers().fail(generation.export(), failure);
        }
        forget(generation);
        tell(() -> generation.fail(failure), generation);
    }

    private void forget(ActiveGeneration generation) {
        live.remove(generation.sequence());
        parts.handovers().ended(generation.sequence());
        if (!generation.hasStarted()) {
            onLeftQueue.accept(generation);
        }
    }

    /// False where the listener threw: its generation has nobody left to tell.
    private static boolean tell(Runnable event, ActiveGeneration generation) {
        try {
            event.run();
            return true;
        } catch (RuntimeException e) {
            LOG.error("the listener of generation {} threw", generation.id(), e);
            return false;
        }
    }
}
