package io.llmserve.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Clock;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Two engines: one computes prompts, the other goes on from their pages. What comes out must be what one engine
/// alone says, and no page may stay behind on either side.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HandoverTest {
    private static final long PATIENCE_NANOS = 60_000_000_000L;
    private static final Batching SMALL_CHUNKS = new Batching(8, 33, 32, true);

    private final EngineFactory factory = TinyEngines.load("llama-tied.BF16", 2);
    private final AtomicLong now = new AtomicLong();
    private final Clock clock = new Clock() {
        @Override
        public long nanos() {
            return now.get();
        }

        @Override
        public Instant now() {
            return Instant.ofEpochSecond(0, now.get());
        }
    };
    private final List<EmbeddedEngine> engines = new ArrayList<>();

    @AfterEach
    void leavesNoPageHeld() {
        List<EmbeddedEngine> started = List.copyOf(engines);
        engines.clear();
        for (EmbeddedEngine engine : started) {
            eventually(engine, () -> engine.statistics().now().usedPages() == 0);
            engine.close();
            assertThat(engine.statistics().handovers().exports()).isZero();
            assertThat(engine.statistics().handovers().imports()).isZero();
        }
    }

    @AfterAll
    void closes() {
        factory.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void saysWhatOneEngineSays(boolean prefixCaching) throws Exception {
        EmbeddedEngine alone = start(prefixCaching);
        EmbeddedEngine prefill = start(prefixCaching);
        EmbeddedEngine decode = start(prefixCaching);
        List<Heard> apart = new ArrayList<>();
        List<Heard> together = new ArrayList<>();
        List<PageCopy> copies = new ArrayList<>();
        for (GenerationRequest request : requests(12)) {
            copies.add(new PageCopy(prefill, decode, request.id()).allow());
            apart.add(submit(decode, request.with(new Handover.Fetch(copies.getLast()))));
            submit(prefill, first(request).with(new Handover.Offer(request.id())));
            together.add(submit(alone, request));
        }
        for (int i = 0; i < apart.size(); i++) {
            assertThat(apart.get(i).answer()).isEqualTo(together.get(i).answer());
            assertThat(copies.get(i).copied() + copies.get(i).found())
                    .isEqualTo((together.get(i).usage().promptTokens() - 1) / 16);
        }
        assertThat(decode.statistics().handovers().importedPages()).isPositive();
        assertThat(decode.statistics().handovers().failedImports()).isZero();
    }

    @Test
    void pagesAreReadyAsEachChunkEnds() throws Exception {
        EmbeddedEngine prefill = start(true);
        Held held = hold(prefill);
        submit(prefill, request("long", 120, 1).with(new Handover.Offer("long")));
        try (ExportedPrompt prompt = prefill.exports().open("long").orElseThrow()) {
            assertThat(prompt.pages()).isEqualTo(7);
            assertThat(prompt.awaitReady(0, 0)).isZero();
            held.release();
            int ready = 0;
            List<Integer> seen = new ArrayList<>();
            while (ready < 7) {
                ready = prompt.awaitReady(ready, PATIENCE_NANOS);
                seen.add(ready);
            }
            assertThat(seen).doesNotHaveDuplicates();
            assertThat(prompt.hash(6)).isNotEqualTo(prompt.hash(5));
            prompt.done();
        }
    }

    @Test
    void recomputesWhatDidNotCome() throws Exception {
        EmbeddedEngine prefill = start(true);
        EmbeddedEngine decode = start(true);
        GenerationRequest request = request("part", 100, 20);
        PageCopy copy = new PageCopy(prefill, decode, "part").upTo(2, null).allow();
        Heard apart = submit(decode, request.with(new Handover.Fetch(copy)));
        submit(prefill, first(request).with(new Handover.Offer("part")));

        assertThat(apart.answer()).isEqualTo(submit(start(true), request).answer());
        assertThat(decode.statistics().handovers().failedImports()).isEqualTo(1);
        assertThat(decode.statistics().handovers().importedPages()).isEqualTo(2);
    }

    @Test
    void failsWhereThePagesAreSaidToBeNeeded() {
        EmbeddedEngine prefill = start(true);
        EmbeddedEngine decode = start(true);
        ServeException lost = new ServeException(Failure.UPSTREAM, "the pages are lost");
        PageCopy copy = new PageCopy(prefill, decode, "lost").upTo(1, lost).allow();
        GenerationRequest request = request("lost", 100, 20);
        submit(prefill, first(request).with(new Handover.Offer("lost")));
        Heard heard = submit(decode, request.with(new Handover.Fetch(copy)));

        assertThatThrownBy(heard::reason).hasRootCause(lost);
    }

    @Test
    void othersRunWhilePagesAreOnTheirWay() throws Exception {
        EmbeddedEngine prefill = start(true);
        EmbeddedEngine decode = start(true);
        PageCopy copy = new PageCopy(prefill, decode, "late");
        GenerationRequest late = request("late", 100, 5);
        Heard waits = submit(decode, late.with(new Handover.Fetch(copy)));
        assertThat(submit(decode, request("other", 40, 10)).reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(waits.tokens()).isEmpty();

        submit(prefill, first(late).with(new Handover.Offer("late")));
        copy.allow();
        assertThat(waits.reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void aCancelledImportHoldsItsPagesUntilNobodyWritesThem() throws Exception {
        EmbeddedEngine prefill = start(true);
        EmbeddedEngine decode = start(true);
        GenerationRequest request = request("gone", 100, 5);
        CompletableFuture<PageImport> opened = new CompletableFuture<>();
        CompletableFuture<Boolean> stopped = new CompletableFuture<>();
        Heard heard = new Heard();
        Generation generation = decode.submit(
                request.with(new Handover.Fetch(new PageFiller() {
                    @Override
                    public void fill(PageImport pages) {
                        opened.complete(pages);
                    }

                    @Override
                    public void stop() {
                        stopped.complete(true);
                    }
                })),
                heard);
        PageImport pages = opened.get();
        generation.cancel();
        assertThat(heard.reason()).isEqualTo(FinishReason.ABORT);
        assertThat(stopped.get()).isTrue();
        eventually(decode, () -> decode.statistics().now().usedPages() == pages.end() - pages.first());
        pages.close(pages.end());
        assertThat(prefill.exports().open("gone")).isEmpty();
    }

    @Test
    void aCancelledPromptFreesItsPagesAtOnceAndTellsItsReader() throws Exception {
        EmbeddedEngine prefill = start(true);
        Held held = hold(prefill);
        Heard heard = new Heard();
        Generation generation = prefill.submit(request("gone", 120, 1).with(new Handover.Offer("gone")), heard);
        try (ExportedPrompt prompt = prefill.exports().open("gone").orElseThrow()) {
            generation.cancel();
            held.release();
            assertThat(heard.reason()).isEqualTo(FinishReason.ABORT);
            assertThatThrownBy(() -> prompt.awaitReady(7, PATIENCE_NANOS))
                    .isInstanceOf(ServeException.class)
                    .hasMessageContaining("gone")
                    .hasMessageContaining("of 7 pages");
        }
        assertThat(prefill.exports().open("gone")).isEmpty();
        assertThat(prefill.exports().await("gone", PATIENCE_NANOS)).isEmpty();
    }

    @Test
    void pagesOutliveTheirRequestForTheLeaseAndNoLonger() throws Exception {
        EmbeddedEngine prefill = start(false);
        submit(prefill, request("kept", 100, 1).with(new Handover.Offer("kept")))
                .reason();
        eventually(prefill, () -> prefill.statistics().handovers().heldPages() == 6);
        now.addAndGet(EngineOptions.LEASE.toNanos() - 1);
        eventually(prefill, () -> prefill.statistics().now().usedPages() == 6);
        try (ExportedPrompt prompt = prefill.exports().open("kept").orElseThrow()) {
            now.addAndGet(EngineOptions.LEASE.toNanos());
            assertThat(prompt.awaitReady(5, 0)).isEqualTo(6);
        }
        eventually(prefill, () -> prefill.statistics().now().usedPages() == 6);
        eventually(prefill, () -> {
            now.addAndGet(1_000_000_000);
            return prefill.statistics().now().usedPages() == 0;
        });
        assertThat(prefill.statistics().handovers().expiredExports()).isEqualTo(1);
        assertThat(prefill.exports().open("kept")).isEmpty();
    }

    @Test
    void aPromptThatNobodyWillFetchIsFreedByItsName() throws Exception {
        EmbeddedEngine prefill = start(false);
        submit(prefill, request("kept", 100, 1).with(new Handover.Offer("kept")))
                .reason();
        prefill.exports().release("kept");
        prefill.exports().release("never heard of");

        eventually(prefill, () -> prefill.statistics().now().usedPages() == 0);
        assertThat(prefill.statistics().handovers().expiredExports()).isZero();
    }

    @Test
    void aPromptThatNobodyWillFetchIsFreedThoughThatWasSaidBeforeItCame() throws Exception {
        EmbeddedEngine prefill = start(false);
        prefill.exports().release("early");
        submit(prefill, request("early", 100, 1).with(new Handover.Offer("early")))
                .reason();

        eventually(prefill, () -> prefill.statistics().now().usedPages() == 0);
        assertThat(prefill.statistics().handovers().exports()).isZero();
        assertThat(prefill.statistics().handovers().expiredExports()).isZero();
    }

    @Test
    void aRequestThatIsSentAgainReplacesItsPages() throws Exception {
        EmbeddedEngine prefill = start(false);
        submit(prefill, request("twice", 100, 1).with(new Handover.Offer("twice")))
                .reason();
        submit(prefill, request("twice", 100, 1).with(new Handover.Offer("twice")))
                .reason();

        eventually(prefill, () -> prefill.statistics().now().usedPages() == 6);
        prefill.exports().release("twice");
    }

    @Test
    void closingTheEngineTellsReadersAndFillers() throws Exception {
        EmbeddedEngine prefill = start(true);
        EmbeddedEngine decode = start(true);
        PageCopy copy = new PageCopy(prefill, decode, "never");
        Heard waits = submit(decode, request("never", 100, 5).with(new Handover.Fetch(copy)));
        submit(prefill, request("kept", 100, 1).with(new Handover.Offer("kept")))
                .reason();
        ExportedPrompt prompt = prefill.exports().open("kept").orElseThrow();
        eventually(decode, () -> decode.statistics().handovers().imports() == 1);
        prefill.close();
        decode.close();

        assertThat(waits.reason()).isEqualTo(FinishReason.ABORT);
        assertThat(copy.isStopped()).isTrue();
        assertThatThrownBy(() -> prompt.awaitReady(0, PATIENCE_NANOS)).isInstanceOf(ServeException.class);
        prompt.close();
        engines.clear();
    }

    @Test
    void drainWaitsForPagesThatAreStillToBeFetched() throws Exception {
        EmbeddedEngine prefill = start(true);
        submit(prefill, request("kept", 100, 1).with(new Handover.Offer("kept")))
                .reason();
        Thread drain = Thread.ofVirtual().start(() -> prefill.drain(Duration.ofDays(1)));
        eventually(prefill, () -> refusesRequests(prefill));
        assertThat(prefill.exports().open("kept")).isPresent().get().satisfies(prompt -> {
            assertThat(prompt.awaitReady(0, 0)).isEqualTo(6);
            prompt.done();
            prompt.close();
        });
        assertThat(drain.join(Duration.ofSeconds(60))).isTrue();
    }

    @Test
    void aPromptThatIsToBeScoredWaitsForNoPages() throws Exception {
        EmbeddedEngine prefill = start(true);
        EmbeddedEngine decode = start(true);
        GenerationRequest scored = request("scored", 100, 5).scored(2);
        PageCopy neverOffered = new PageCopy(prefill, decode, "scored");

        Heard fetching = submit(decode, scored.with(new Handover.Fetch(neverOffered)));
        assertThat(fetching.answer()).isEqualTo(submit(prefill, scored).answer());
        assertThat(fetching.promptLogprobs()).hasSize(99);
    }

    @Test
    void goesOnFromWhatAnotherEngineGenerated() throws Exception {
        EmbeddedEngine one = start(true);
        EmbeddedEngine other = start(true);
        for (GenerationRequest request : requests(8)) {
            Heard.Answer whole = submit(one, request).answer();
            int[] tokens = whole.tokens().stream().mapToInt(Integer::intValue).toArray();
            for (int sent : new int[] {1, 7, tokens.length - 1, tokens.length}) {
                Heard rest = submit(other, request.resumedAfter(Arrays.copyOf(tokens, sent)));
                assertThat(rest.answer())
                        .isEqualTo(new Heard.Answer(
                                whole.tokens().subList(sent, tokens.length),
                                whole.logprobBits().subList(sent, tokens.length),
                                List.of(),
                                whole.reason()));
                assertThat(rest.usage().generatedTokens()).isEqualTo(tokens.length);
            }
        }
    }

    @Test
    void refusesToGoOnFromWhatCannotHaveBeenGenerated() {
        EmbeddedEngine engine = start(true);
        GenerationRequest request = request("r", 10, 2);
        for (int[] resumed : List.of(new int[3], new int[] {-1}, new int[] {320})) {
            assertThatThrownBy(() -> submit(engine, request.resumedAfter(resumed)))
                    .isInstanceOfSatisfying(
                            ServeException.class, e -> assertThat(e.parameter()).isEqualTo("resume_token_ids"));
        }
    }

    private EmbeddedEngine start(boolean prefixCaching) {
        EmbeddedEngine engine = factory.start(
                EngineOptions.DEFAULT
                        .withKv(new KvPool(4 << 20, KvLayout.Type.F32, prefixCaching))
                        .withBatching(SMALL_CHUNKS),
                clock);
        engines.add(engine);
        return engine;
    }

    private static Heard submit(EmbeddedEngine engine, GenerationRequest request) {
        Heard heard = new Heard();
        engine.submit(request, heard);
        return heard;
    }

    /// What prefill is asked: the same, for one token.
    private static GenerationRequest first(GenerationRequest request) {
        SamplingParameters whole = request.sampling();
        SamplingParameters one = new SamplingParameters(
                whole.truncation(),
                whole.penalties(),
                whole.logitBias(),
                new Stopping(1, 0, Set.of(), true),
                whole.seed(),
                -1);
        return new GenerationRequest(request.id(), request.prompt(), one, request.cacheSalt(), 0);
    }

    private static GenerationRequest request(String id, int promptTokens, int maxTokens) {
        int[] prompt = new Random(id.hashCode()).ints(promptTokens, 0, 320).toArray();
        SamplingParameters sampling = new SamplingParameters(
                Truncation.GREEDY, Penalties.NONE, Map.of(), new Stopping(maxTokens, 0, Set.of(), true), 0, -1);
        return new GenerationRequest(id, prompt, sampling, "", 0);
    }

    /// Greedy and sampled, with and without penalties; every third begins as the first does.
    private static List<GenerationRequest> requests(int count) {
        Random random = new Random(11);
        int[] shared = random.ints(48, 0, 320).toArray();
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] prompt = random.ints(1 + random.nextInt(150), 0, 320).toArray();
            System.arraycopy(shared, 0, prompt, 0, i % 3 == 0 ? Math.min(shared.length, prompt.length) : 0);
            SamplingParameters sampling = new SamplingParameters(
                    i % 2 == 0 ? Truncation.GREEDY : new Truncation(0.9f, 0.95f, 20, 0.01f),
                    i % 4 < 2 ? Penalties.NONE : new Penalties(1.1f, 0.2f, 0.1f),
                    Map.of(),
                    new Stopping(24, 0, Set.of(), true),
                    i,
                    3);
            requests.add(new GenerationRequest("r" + i, prompt, sampling, "", 0));
        }
        return requests;
    }

    private static boolean refusesRequests(EmbeddedEngine engine) {
        try {
            submit(engine, request("probe", 3, 1));
            return false;
        } catch (ServeException refused) {
            return true;
        }
    }

    /// What the engine's thread will do soon.
    private static void eventually(EmbeddedEngine engine, BooleanSupplier condition) {
        long until = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("still %s", engine.statistics()).isLessThan(until);
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Holds the engine's thread until released.
    private static Held hold(EmbeddedEngine engine) {
        Held held = new Held();
        engine.submit(request("held", 1, 1), held);
        held.awaitReached();
        return held;
    }

    private static final class Held extends Heard {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch released = new CountDownLatch(1);

        @Override
        public void onToken(int tokenId, @Nullable TokenLogprobs at) {
            super.onToken(tokenId, at);
            reached.countDown();
            await(released);
        }

        void awaitReached() {
            await(reached);
        }

        void release() {
            released.countDown();
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
