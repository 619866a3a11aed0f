package io.llmserve.engine;

import io.llmserve.core.Clock;
import io.llmserve.core.SamplingParameters;
import io.llmserve.engine.Scheduler.Slice;
import java.util.ArrayList;
import java.util.List;

/// Runs the model on made-up sequences, so that the JIT has compiled the kernels before requests come: a
/// prompt, one stream, several streams. Uses free pages and gives them back without a hash. On the step
/// thread.
final class WarmUp {
    private static final int PROMPT_TOKENS = 128;
    private static final int STREAMS = 8;
    /// Enough for the JIT even where a round takes no time.
    private static final int MAX_ROUNDS = 64;

    private final BlockPool pool;
    private final StepRunner runner;
    private final Sampler sampler;
    private final Clock clock;
    private final int promptTokens;
    private final int streams;

    /// @param longest the most tokens of a sequence
    WarmUp(Stepper.Parts parts, Clock clock, int longest, EngineOptions.Batching limits) {
        this.pool = parts.pool();
        this.runner = parts.runner();
        this.sampler = parts.sampler();
        this.clock = clock;
        this.promptTokens = Math.min(PROMPT_TOKENS, Math.min(longest, limits.maxBatchTokens()));
        this.streams = Math.min(STREAMS, limits.maxSequences());
    }

    /// Where the pool has no free pages for it, does less or nothing.
    void run(long limitNanos) {
        long deadline = clock.nanos() + limitNanos;
        List<Sequence> sequences = sequences();
        try {
            for (int round = 0; round < MAX_ROUNDS && !sequences.isEmpty(); round++) {
                step(slices(sequences.subList(0, 1), promptTokens));
                step(slices(sequences.subList(0, 1), 1));
                step(slices(sequences, 1));
                if (clock.nanos() - deadline >= 0) {
                    return;
                }
            }
        } finally {
            sequences.forEach(this::release);
        }
    }

    private List<Sequence> sequences() {
        List<Sequence> sequences = new ArrayList<>();
        int pages = Sequence.pagesFor(promptTokens);
        while (sequences.size() < streams && pool.free() >= pages) {
            Sequence sequence = new Sequence(new int[promptTokens], "", 0, sequences.size());
            for (int i = 0; i < pages; i++) {
                sequence.addPage(pool.take());
            }
            sequences.add(sequence);
        }
        return sequences;
    }

    private static List<Slice> slices(List<Sequence> sequences, int count) {
        return sequences.stream()
                .map(sequence -> new Slice(sequence, sequence.length() - count, count, true))
                .toList();
    }

    private void step(List<Slice> slices) {
        runner.forward(slices);
        Sampler.Context greedy = new Sampler.Context(SamplingParameters.greedy(1), new TokenCounts(), 0, 0);
        runner.visitLogits(slices, (slice, logits, at) -> sampler.choose(logits, at, greedy));
    }

    private void release(Sequence sequence) {
        while (sequence.pageCount() > 0) {
            pool.release(sequence.removeLastPage());
        }
    }
}
