package io.llmserve.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.core.Clock;
import io.llmserve.core.FinishReason;
import io.llmserve.core.SamplingParameters;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenLogprobs;
import io.llmserve.engine.EmbeddedEngine;
import io.llmserve.engine.EngineFactory;
import io.llmserve.engine.EngineOptions;
import io.llmserve.engine.GenerationListener;
import io.llmserve.engine.GenerationRequest;
import io.llmserve.engine.GenerationUsage;
import io.llmserve.engine.LoadProgress;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelReader;
import io.llmserve.tensor.KvLayout;
import io.llmserve.testkit.TinyModels;
import io.llmserve.worker.kv.KvExchange;
import io.llmserve.worker.kv.KvOptions;
import io.llmserve.worker.kv.SharedKvMemory;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// A worker with the real engine on a tiny random model, and its exchange of pages. Its prompts are token ids.
final class KvWorker implements AutoCloseable {
    private static final int VOCABULARY = 320;

    final EmbeddedEngine engine;
    final KvExchange kv;
    final WorkerServer server;

    KvWorker(EngineFactory factory, KvOptions options) {
        this(factory, options, "the same model");
    }

    KvWorker(EngineFactory factory, KvOptions options, String fingerprint) {
        SharedKvMemory memory = new SharedKvMemory();
        PrometheusRegistry registry = new PrometheusRegistry();
        engine = factory.start(
                EngineOptions.DEFAULT
                        .withKv(new EngineOptions.KvPool(4 << 20, KvLayout.Type.F32, true))
                        .withBatching(new EngineOptions.Batching(8, 64, 32, true)),
                Clock.SYSTEM,
                memory);
        kv = new KvExchange(engine, memory, fingerprint, options, registry, "tiny");
        FakeLanguage language = new FakeLanguage() {
            @Override
            public int vocabularySize() {
                return VOCABULARY;
            }
        };
        ServedModel model = new ServedModel(
                List.of("tiny"), "file:tiny", "0123456789ab", engine.contextLength(), Set.of(), language);
        server = new WorkerServer(engine, model, registry, WorkerOptions.loopback(0), kv);
        server.start();
    }

    static EngineFactory factory() {
        ModelDescription model = ModelReader.open(TinyModels.path("llama-tied.BF16"));
        try {
            return EngineFactory.load(model, 2, LoadProgress.NONE);
        } finally {
            model.tensors().close();
        }
    }

    HttpResponse<String> post(HttpClient client, String path, String id, String body) {
        return later(client, path, id, body).join();
    }

    CompletableFuture<HttpResponse<String>> later(HttpClient client, String path, String id, String body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .header("content-type", "application/json")
                .header("x-request-id", id)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
    }

    String metrics(HttpClient client) throws Exception {
        return client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/metrics"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    /// The parameters with which pages of request `id` are fetched from here, before prefill has said so.
    String early(String id) {
        return "{\"do_remote_prefill\":true,\"remote_engine_id\":\"%s\",\"remote_request_id\":\"%s\",\"remote_host\":\"127.0.0.1\",\"remote_port\":%d}"
                .formatted(kv.engineId(), id, kv.address().port());
    }

    /// Takes the engine's steps one by one: each gives one token to a stream, and room for a chunk of a prompt.
    Steps steps() {
        Steps steps = new Steps();
        int[] prompt = {1};
        engine.submit(new GenerationRequest("steps", prompt, SamplingParameters.greedy(200), "", -1), steps);
        steps.awaitToken();
        return steps;
    }

    /// Holds the engine's thread at each token of a stream of its own.
    static final class Steps implements GenerationListener {
        private final Semaphore said = new Semaphore(0);
        private final Semaphore allowed = new Semaphore(0);

        @Override
        public void onToken(int tokenId, @Nullable TokenLogprobs logprobs) {
            said.release();
            allowed.acquireUninterruptibly();
        }

        @Override
        public void onEnd(FinishReason reason, GenerationUsage usage) {
            said.release(1_000);
        }

        @Override
        public void onFailure(ServeException failure) {
            said.release(1_000);
        }

        void one() {
            allowed.release();
            awaitToken();
        }

        void all() {
            allowed.release(1_000);
        }

        private void awaitToken() {
            said.acquireUninterruptibly();
        }
    }

    void assertNothingHeld() {
        Harness.eventually(() -> server.openRequests() == 0
                && engine.statistics().now().usedPages() == 0
                && engine.statistics().handovers().exports() == 0
                && engine.statistics().handovers().imports() == 0);
    }

    static JsonNode ok(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Harness.json(response);
    }

    @Override
    public void close() {
        server.close();
        kv.close();
        engine.close();
    }
}
