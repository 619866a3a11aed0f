package io.llmserve.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Failure;
import io.llmserve.core.FinishReason;
import io.llmserve.core.SamplingParameters;
import io.llmserve.core.SamplingParameters.Penalties;
import io.llmserve.core.SamplingParameters.Stopping;
import io.llmserve.core.SamplingParameters.Truncation;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenLogprobs;
import io.llmserve.engine.EngineOptions.Batching;
import io.llmserve.engine.EngineOptions.KvPool;
import io.llmserve.tensor.KvLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EmbeddedEngineTest {
    private static final int CONTEXT = 256;
    private static final int[] PROMPT = {5, 6, 7, 8, 9};

    private final EngineFactory factory = TinyEngines.load("llama-tied.BF16", 2);
    private final List<EmbeddedEngine> engines = new ArrayList<>();

    @AfterEach
    void leavesNoPageHeld() {
        for (EmbeddedEngine engine : engines) {
            engine.close();
            assertThat(engine.statistics().now().usedPages()).isZero();
            assertThat(engine.statistics().now().running()).isZero();
            assertThat(engine.statistics().now().waiting()).isZero();
        }
        engines.clear();
    }

    @AfterAll
    void closes() {
        factory.close();
    }

    @Test
    void countsWhatItDid() throws Exception {
        EmbeddedEngine engine = start(TinyEngines.OPTIONS);
        Heard heard = submit(engine, "a", 7);
        assertThat(heard.reason()).isEqualTo(FinishReason.LENGTH);
        engine.close();

        GenerationUsage usage = heard.usage();
        assertThat(usage.promptTokens()).isEqualTo(PROMPT.length);
        assertThat(usage.generatedTokens()).isEqualTo(7);
        EngineStatistics.Counters total = engine.statistics().total();
        assertThat(total.promptTokens()).isEqualTo(PROMPT.length);
        assertThat(total.generatedTokens()).isEqualTo(7);
        assertThat(total.steps()).isEqualTo(7);
    }

    @Test
    void stopsAtAStopTokenAndReportsIt() throws Exception {
        EmbeddedEngine engine = start(TinyEngines.OPTIONS);
        List<Integer> free = submit(engine, "free", 6).answer().tokens();
        int stop = free.get(3);
        Heard heard = new Heard();
        engine.submit(request("stops", 6, Set.of(stop)), heard);

        assertThat(heard.reason()).isEqualTo(FinishReason.STOP);
        assertThat(heard.tokens()).isEqualTo(free.subList(0, free.indexOf(stop) + 1));
    }

    @Test
    void endsWithLengthWhereTheContextIsFull() throws Exception {
        EmbeddedEngine engine = start(TinyEngines.OPTIONS.withContextLength(40));
        Heard heard = submit(engine, "long", 1000);

        assertThat(heard.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(heard.tokens()).hasSize(40 - PROMPT.length);
    }

    @Test
    void scoresAPromptThatFillsTheContextAndSaysNothing() throws Exception {
        EmbeddedEngine engine = start(TinyEngines.OPTIONS);
        Heard heard = new Heard();
        engine.submit(
                new GenerationRequest("score", new int[CONTEXT], SamplingParameters.greedy(0), "", 0).scored(2), heard);

        assertThat(heard.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(heard.tokens()).isEmpty();
        assertThat(heard.promptLogprobs())
                .hasSize(CONTEXT - 1)
                .allSatisfy(at -> assertThat(at.topTokenIds()).hasSize(2));
        assertThat(heard.usage().generatedTokens()).isZero();
    }

    @Test
    void aPromptOfOneTokenHasNoScores() throws Exception {
        Heard heard = new Heard();
        GenerationRequest one =
                new GenerationRequest("one", new int[] {5}, SamplingParameters.greedy(1), "", 0).scored(0);
        start(TinyEngines.OPTIONS).submit(one, heard);

        assertThat(heard.answer().tokens()).hasSize(1);
        assertThat(heard.promptLogprobs()).isEmpty();
    }

    @Test
    void aListenerThatThrowsAtItsPromptLosesOnlyItsOwnGeneration() throws Exception {
        EmbeddedEngine engine = start(TinyEngines.OPTIONS);
        Heard bad = new Heard() {
            @Override
            public void onPrompt(List<TokenLogprobs> scores) {
                throw new IllegalStateException("a listener's bug");
            }
        };
        engine.submit(new GenerationRequest("bad", PROMPT, SamplingParameters.greedy(3), "", 0).scored(1), bad);

        assertThat(bad.reason()).isEqualTo(FinishReason.ABORT);
        assertThat(submit(engine, "next", 2).reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void refusesWhatCanNeverRun() {
        EmbeddedEngine engine = start(TinyEngines.OPTIONS);
        assertThatThrownBy(() -> engine.submit(prompt(new int[CONTEXT]), new Heard()))
                .isInstanceOfSatisfying(ServeException.class, e -> {
                    assertThat(e.failure()).isEqualTo(Failure.INVALID_REQUEST);
                    assertThat(e.parameter()).isEqualTo("prompt");
                    assertThat(e).hasMessageContaining("256");
                });
        assertThatThrownBy(() -> engine.submit(prompt(new int[] {1, 320}), new Heard()))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining("320");
        assertThatThrownBy(() -> engine.submit(prompt(new int[] {-1}), new Heard()))
                .isInstanceOf(ServeException.class);
    }

    @Test
    void refusesBeyondTheWaitingLimitWithAHint() throws Exception {
        EmbeddedEngine engine =
                start(TinyEngines.OPTIONS.withMaxWaiting(2).withBatching(new Batching(1, 64, 64, true)));
        Gate gate = new Gate();
        engine.submit(request("blocks", 3, Set.of()), gate);
        gate.awaitFirstToken();
        Heard first = submit(engine, "first", 2);
        Heard second = submit(engine, "second", 2);

        assertThatThrownBy(() -> submit(engine, "third", 2)).isInstanceOfSatisfying(ServeException.class, e -> {
            assertThat(e.failure()).isEqualTo(Failure.OVERLOADED);
            assertThat(e.retryAfter()).isPositive();
        });
        gate.open();
        assertThat(gate.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(first.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(second.reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void cancelFreesPagesBeforeTheNextStep() throws Exception {
        EmbeddedEngine engine = start(TinyEngines.OPTIONS);
        Gate gate = new Gate();
        Generation generation = engine.submit(request("goes", 200, Set.of()), gate);
        gate.awaitFirstToken();
        generation.cancel();
        generation.cancel();
        gate.open();

        assertThat(gate.reason()).isEqualTo(FinishReason.ABORT);
        assertThat(gate.tokens()).hasSize(1);
    }

    @Test
    void cancelOfAWaitingGenerationGivesItsPlaceBack() throws Exception {
        EmbeddedEngine engine =
                start(TinyEngines.OPTIONS.withMaxWaiting(1).withBatching(new Batching(1, 64, 64, true)));
        Gate gate = new Gate();
        engine.submit(request("blocks", 2, Set.of()), gate);
        gate.awaitFirstToken();
        Heard waits = new Heard();
        engine.submit(request("waits", 2, Set.of()), waits).cancel();
        gate.open();

        assertThat(waits.reason()).isEqualTo(FinishReason.ABORT);
        assertThat(submit(engine, "next", 2).reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void aListenerThatThrowsEndsOnlyItsOwnGeneration() throws Exception {
        EmbeddedEngine engine = start(TinyEngines.OPTIONS);
        Heard throwing = new Heard() {
            @Override
            public void onToken(int tokenId, @Nullable TokenLogprobs at) {
                throw new IllegalStateException("on purpose");
            }
        };
        engine.submit(request("throws", 9, Set.of()), throwing);
        Heard other = submit(engine, "other", 9);

        assertThat(throwing.reason()).isEqualTo(FinishReason.ABORT);
        assertThat(other.reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void drainLetsRunningGenerationsFinish() throws Exception {
        EmbeddedEngine engine = start(TinyEngines.OPTIONS);
        Heard heard = submit(engine, "runs", 50);
        engine.drain(Duration.ofSeconds(60));

        assertThat(heard.reason()).isEqualTo(FinishReason.LENGTH);
        assertThatThrownBy(() -> submit(engine, "late", 1))
                .isInstanceOfSatisfying(
                        ServeException.class, e -> assertThat(e.failure()).isEqualTo(Failure.UNAVAILABLE));
    }

    @Test
    void drainAbortsWhatIsLeftAtTheDeadline() throws Exception {
        EmbeddedEngine engine = start(TinyEngines.OPTIONS);
        Heard heard = new Heard() {
            @Override
            public void onToken(int tokenId, @Nullable TokenLogprobs at) {
                super.onToken(tokenId, at);
                pause();
            }
        };
        engine.submit(request("slow", 200, Set.of()), heard);
        engine.drain(Duration.ZERO);

        assertThat(heard.reason()).isEqualTo(FinishReason.ABORT);
    }

    @Test
    void closeAbortsAndIsIdempotent() throws Exception {
        EmbeddedEngine engine = start(TinyEngines.OPTIONS);
        Gate gate = new Gate();
        Generation generation = engine.submit(request("runs", 200, Set.of()), gate);
        gate.awaitFirstToken();
        gate.open();
        engine.close();
        engine.close();
        generation.cancel();

        assertThat(gate.reason()).isIn(FinishReason.ABORT, FinishReason.LENGTH);
        assertThatThrownBy(() -> submit(engine, "late", 1)).isInstanceOf(ServeException.class);
        engine.drain(Duration.ZERO);
        engine.warmUp(Duration.ofSeconds(1));
    }

    @Test
    void warmUpLeavesNothingCached() {
        EmbeddedEngine engine = start(TinyEngines.OPTIONS);
        engine.warmUp(Duration.ofMillis(50));
        engine.close();

        assertThat(engine.statistics().now().cachedPages()).isZero();
        assertThat(engine.statistics().total().generatedTokens()).isZero();
    }

    @Test
    void enginesShareWeightsThatOutliveTheFactory() throws Exception {
        EngineFactory shared = TinyEngines.load("llama-tied.BF16", 1);
        EmbeddedEngine one = shared.start(TinyEngines.OPTIONS);
        EmbeddedEngine two = shared.start(TinyEngines.OPTIONS);
        shared.close();
        assertThat(submit(one, "one", 5).answer().tokens())
                .isEqualTo(submit(two, "two", 5).answer().tokens());
        one.close();
        assertThat(submit(two, "again", 5).reason()).isEqualTo(FinishReason.LENGTH);
        two.close();
        assertThatThrownBy(() -> shared.start(TinyEngines.OPTIONS)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesAPoolThatCannotHoldTheContextWithBothNumbers() {
        assertThatThrownBy(() -> factory.start(TinyEngines.OPTIONS
                        .withContextLength(256)
                        .withKv(new KvPool(64 << 10, KvLayout.Type.F32, true))))
                .isInstanceOfSatisfying(ServeException.class, e -> {
                    assertThat(e.failure()).isEqualTo(Failure.EXHAUSTED);
                    assertThat(e).hasMessageContaining("128").hasMessageContaining("256");
                });
    }

    @Test
    void refusesAPoolBeyondTheMemoryWithBothNumbers() {
        assertThatThrownBy(
                        () -> factory.start(TinyEngines.OPTIONS.withKv(new KvPool(1L << 43, KvLayout.Type.F32, true))))
                .isInstanceOfSatisfying(
                        ServeException.class, e -> assertThat(e.failure()).isEqualTo(Failure.EXHAUSTED))
                .hasMessageContaining("8,388,608 MB");
    }

    private EmbeddedEngine start(EngineOptions options) {
        EmbeddedEngine engine = factory.start(options);
        engines.add(engine);
        return engine;
    }

    private static Heard submit(EmbeddedEngine engine, String id, int maxTokens) {
        Heard heard = new Heard();
        engine.submit(request(id, maxTokens, Set.of()), heard);
        return heard;
    }

    private static GenerationRequest prompt(int[] prompt) {
        return new GenerationRequest("prompt", prompt, SamplingParameters.greedy(1), "", 0);
    }

    private static GenerationRequest request(String id, int maxTokens, Set<Integer> stopTokens) {
        SamplingParameters sampling = new SamplingParameters(
                Truncation.GREEDY, Penalties.NONE, Map.of(), new Stopping(maxTokens, 0, stopTokens, true), 0, -1);
        return new GenerationRequest(id, PROMPT, sampling, "", 0);
    }

    private static void pause() {
        try {
            Thread.sleep(1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Holds the step thread at its first token until opened.
    private static final class Gate extends Heard {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch opened = new CountDownLatch(1);

        @Override
        public void onToken(int tokenId, @Nullable TokenLogprobs at) {
            super.onToken(tokenId, at);
            reached.countDown();
            await(opened);
        }

        void awaitFirstToken() {
            await(reached);
        }

        void open() {
            opened.countDown();
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
