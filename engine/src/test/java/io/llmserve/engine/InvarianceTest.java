package io.llmserve.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.SamplingParameters;
import io.llmserve.core.SamplingParameters.Penalties;
import io.llmserve.core.SamplingParameters.Stopping;
import io.llmserve.core.SamplingParameters.Truncation;
import io.llmserve.core.TokenLogprobs;
import io.llmserve.engine.EngineOptions.Batching;
import io.llmserve.engine.EngineOptions.KvPool;
import io.llmserve.tensor.KvLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A request's tokens and log-probabilities are the same bits, whatever else the engine does.
class InvarianceTest {
    private static final int VOCABULARY = 320;
    /// Of `llama-tied` in f32: 2 layers, 2 heads of 16.
    private static final long PAGE_BYTES = 8 << 10;

    @ParameterizedTest
    @ValueSource(strings = {"llama-tied.BF16", "qwen2.Q4_0", "qwen3.Q4_1"})
    void answersAloneAsInAMixedBatch(String model) throws Exception {
        List<GenerationRequest> requests = requests(8);
        try (EngineFactory factory = TinyEngines.load(model, 2)) {
            List<Heard.Answer> alone = oneByOne(factory, options(512, false, KvLayout.Type.F32), requests);
            assertThat(together(factory, options(512, false, KvLayout.Type.F32), requests))
                    .isEqualTo(alone);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 16, 512})
    void answersAlikeForEveryChunkSize(int chunk) throws Exception {
        List<GenerationRequest> requests = requests(3);
        try (EngineFactory factory = TinyEngines.load("llama-tied.BF16", 2)) {
            assertThat(together(factory, options(chunk, false, KvLayout.Type.F32), requests))
                    .isEqualTo(oneByOne(factory, options(512, false, KvLayout.Type.F32), requests));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"F32", "BF16"})
    void answersAlikeFromACachedPrefix(String type) throws Exception {
        KvLayout.Type kv = KvLayout.Type.valueOf(type);
        List<GenerationRequest> requests = requests(3);
        try (EngineFactory factory = TinyEngines.load("llama-tied.BF16", 2);
                EmbeddedEngine engine = factory.start(options(512, true, kv))) {
            List<Heard.Answer> cold = submitEach(engine, requests);
            assertThat(engine.statistics().total().prefixHits()).isZero();
            assertThat(submitEach(engine, requests)).isEqualTo(cold);
            assertThat(engine.statistics().total().prefixHits()).isPositive();
        }
    }

    @Test
    void answersAlikeAfterPreemption() throws Exception {
        List<GenerationRequest> requests = requests(8);
        try (EngineFactory factory = TinyEngines.load("llama-tied.BF16", 2)) {
            EngineOptions tight = options(512, false, KvLayout.Type.F32)
                    .withContextLength(128)
                    .withKv(new KvPool(14 * PAGE_BYTES, KvLayout.Type.F32, false));
            try (EmbeddedEngine engine = factory.start(tight)) {
                List<Heard.Answer> answers = submitAll(engine, requests);
                assertThat(engine.statistics().total().preemptions()).isPositive();
                assertThat(answers).isEqualTo(oneByOne(factory, options(512, false, KvLayout.Type.F32), requests));
            }
        }
    }

    @Test
    void answersAlikeWithOneThread() throws Exception {
        List<GenerationRequest> requests = requests(4);
        EngineOptions options = options(512, false, KvLayout.Type.F32);
        try (EngineFactory one = TinyEngines.load("llama-tied.BF16", 1);
                EngineFactory two = TinyEngines.load("llama-tied.BF16", 2)) {
            assertThat(together(one, options, requests)).isEqualTo(together(two, options, requests));
        }
    }

    /// Greedy and sampled, with and without penalties, of different lengths; some ask for their prompt's scores.
    private static List<GenerationRequest> requests(int count) {
        Random random = new Random(7);
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] prompt = random.ints(17 + random.nextInt(40), 0, VOCABULARY).toArray();
            SamplingParameters sampling = new SamplingParameters(
                    i % 2 == 0 ? Truncation.GREEDY : new Truncation(0.9f, 0.95f, i % 3 * 20, 0.01f),
                    i % 4 < 2 ? Penalties.NONE : new Penalties(1.1f, 0.2f, 0.1f),
                    Map.of(),
                    new Stopping(24, 0, Set.of(), true),
                    i,
                    3);
            requests.add(new GenerationRequest("r" + i, prompt, sampling, "", 0).scored(i % 3 == 1 ? 3 : -1));
        }
        return requests;
    }

    private static EngineOptions options(int chunk, boolean prefixCaching, KvLayout.Type type) {
        return EngineOptions.DEFAULT
                .withKv(new KvPool(4 << 20, type, prefixCaching))
                .withBatching(new Batching(8, Math.max(9, chunk), chunk, true));
    }

    private static List<Heard.Answer> oneByOne(
            EngineFactory factory, EngineOptions options, List<GenerationRequest> requests) throws Exception {
        try (EmbeddedEngine engine = factory.start(options)) {
            return submitEach(engine, requests);
        }
    }

    private static List<Heard.Answer> together(
            EngineFactory factory, EngineOptions options, List<GenerationRequest> requests) throws Exception {
        try (EmbeddedEngine engine = factory.start(options)) {
            return submitAll(engine, requests);
        }
    }

    private static List<Heard.Answer> submitEach(EmbeddedEngine engine, List<GenerationRequest> requests)
            throws Exception {
        List<Heard.Answer> answers = new ArrayList<>();
        for (GenerationRequest request : requests) {
            Heard heard = new Heard();
            engine.submit(request, heard);
            answers.add(heard.answer());
        }
        return answers;
    }

    /// Holds the engine's thread until all are submitted, so that they run together however fast it is.
    private static List<Heard.Answer> submitAll(EmbeddedEngine engine, List<GenerationRequest> requests)
            throws Exception {
        CountDownLatch submitted = new CountDownLatch(1);
        SamplingParameters one = SamplingParameters.greedy(1);
        engine.submit(new GenerationRequest("gate", new int[] {1}, one, "", 0), new Heard() {
            @Override
            public void onToken(int tokenId, @Nullable TokenLogprobs at) {
                awaitUninterrupted(submitted);
            }
        });
        List<Heard> heard = requests.stream().map(request -> new Heard()).toList();
        for (int i = 0; i < requests.size(); i++) {
            engine.submit(requests.get(i), heard.get(i));
        }
        submitted.countDown();
        List<Heard.Answer> answers = new ArrayList<>();
        for (Heard each : heard) {
            answers.add(each.answer());
        }
        return answers;
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
