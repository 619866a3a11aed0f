package io.llmserve.engine;

import io.llmserve.core.Clock;
import io.llmserve.core.SamplingParameters;
import io.llmserve.engine.Scheduler.Slice;
import java.util.ArrayList;
import java.util.List;

/// Runs the model on made-up sequences, so that the JIT has compiled the kernels before requests come: a
/// prompt, one stream, several streams; again and again until that gets no faster. Uses free pages and gives
/// them back without a hash. On the step thread.
final class WarmUp {
    private static final int PROMPT_TOKENS = 128;
    private static final int STREAMS = 8;
    /// Enough for the JIT even where a round takes no time.
    private static final int MAX_ROUNDS = 64;
    /// The JIT is done when so many rounds in a row were not a tenth faster than the fastest before.
    private static final int SETTLED_ROUNDS = 5;

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
        List<Sequence> sequences = sequences();
        try {
            rounds(sequences, clock.nanos() + limitNanos);
        } finally {
            sequences.forEach(this::release);
        }
    }

    private void rounds(List<Sequence> sequences, long deadline) {
        long fastest = Long.MAX_VALUE;
        int settled = 0;
        for (int round = 0; round < MAX_ROUNDS && settled < SETTLED_ROUNDS && !sequences.isEmpty(); round++) {
            long start = clock.nanos();
            step(slices(sequences.subList(0, 1), promptTokens));
            step(slices(sequences.subList(0, 1), 1));
            step(slices(sequences, 1));
            long end = clock.nanos();
            if (end - deadline >= 0) {
                return;
            }
            settled = end - start < fastest / 10 * 9 ? 0 : settled + 1;
            fastest = Math.min(fastest, end - start);
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
                .map(sequence -> new Slice(sequence, sequence.length() - count, count))
                .toList();
    }

    private void step(List<Slice> slices) {
        runner.forward(slices);
        Sampler.Context greedy = new Sampler.Context(SamplingParameters.greedy(1), new TokenCounts(), 0, 0);
        runner.visitLogits(slices, (sequence, position, logits, at) -> sampler.choose(logits, at, greedy));
    }

    private void release(Sequence sequence) {
        while (sequence.pageCount() > 0) {
            pool.release(sequence.removeLastPage());
        }
    }
}
