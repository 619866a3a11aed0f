package io.llmserve.bench.engine;

import io.llmserve.core.Clock;
import io.llmserve.engine.EmbeddedEngine;
import io.llmserve.engine.EngineFactory;
import io.llmserve.engine.EngineOptions;
import io.llmserve.engine.EngineOptions.Batching;
import io.llmserve.engine.LoadProgress;
import io.llmserve.models.ModelDescription;
import java.time.Duration;
import java.util.function.Consumer;

/// One run of all cases on a model: first token, warm-up, then rounds.
///
/// @param threads that compute
/// @param rounds of every case; each gives a figure
/// @param warmupRounds before them, whose figures nobody sees: the JIT compiles, the peer has nothing to compile
/// @param cases that are run; the start and the memory are always measured
public record EngineBench(ModelDescription model, int threads, int rounds, int warmupRounds, CaseChoice cases) {
    private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(5);
    private static final int[] MIXED_BATCH_TOKENS = {512, 2048};

    /// @param startNanos of the process, on the system clock's [Clock#nanos()]
    public void run(long startNanos, Consumer<Figure> figures) {
        try (EngineFactory factory = EngineFactory.load(model, threads, LoadProgress.NONE)) {
            try (EmbeddedEngine engine =
                    factory.start(options(EngineOptions.DEFAULT.batching().maxBatchTokens()))) {
                Streams streams = streams(engine);
                long[] first = streams.start(0, 1, 1, streams.freshSalt()).await();
                figures.accept(Figure.of("start_to_first_token_s", (first[0] - startNanos) / 1e9));
                engine.warmUp(LONGEST_WARM_UP);
                for (int round = -warmupRounds; round < rounds; round++) {
                    new EngineCases(streams, Clock.SYSTEM, cases, round < 0 ? ignored -> {} : figures).round();
                }
            }
            for (int batchTokens : MIXED_BATCH_TOKENS) {
                mixed(factory, batchTokens, figures);
            }
        }
        PeakMemory.megabytes().ifPresent(value -> figures.accept(Figure.of("peak_memory_mb", value)));
    }

    private void mixed(EngineFactory factory, int batchTokens, Consumer<Figure> figures) {
        try (EmbeddedEngine engine = factory.start(options(batchTokens))) {
            Streams streams = streams(engine);
            for (int round = Math.min(0, 1 - warmupRounds); round < rounds; round++) {
                new EngineCases(streams, Clock.SYSTEM, cases, round < 0 ? ignored -> {} : figures).mixed(batchTokens);
            }
        }
    }

    private Streams streams(EmbeddedEngine engine) {
        return new Streams(engine, Clock.SYSTEM, model.configuration().vocabulary());
    }

    /// As the peer does it: a prompt that joins may fill the batch.
    private static EngineOptions options(int batchTokens) {
        Batching usual = EngineOptions.DEFAULT.batching();
        return EngineOptions.DEFAULT.withBatching(new Batching(usual.maxSequences(), batchTokens, batchTokens, true));
    }
}
