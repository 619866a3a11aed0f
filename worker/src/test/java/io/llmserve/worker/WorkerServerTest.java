package io.llmserve.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerServerTest {
    private final Harness worker = new Harness();

    @AfterEach
    void close() {
        worker.close();
    }

    @Test
    void listsItsModelUnderAllNames() {
        JsonNode models = Harness.json(worker.get("/v1/models"));
        assertThat(models.path("object").textValue()).isEqualTo("list");
        assertThat(models.at("/data/1/id").textValue()).isEqualTo("org/tiny");
        assertThat(models.at("/data/0/max_model_len").intValue()).isEqualTo(Harness.CONTEXT);
        assertThat(Harness.json(worker.get("/v1/models/tiny")).path("root").textValue())
                .isEqualTo("file:tiny");
        assertThat(worker.get("/v1/models/nope").statusCode()).isEqualTo(404);
    }

    @Test
    void saysThatItIsWell() {
        assertThat(worker.get("/health").statusCode()).isEqualTo(200);
        assertThat(worker.get("/health").body()).isEmpty();
        assertThat(worker.get("/ready").statusCode()).isEqualTo(200);
        assertThat(worker.get("/version").body()).isEqualTo("{\"version\":\"0.1.0\"}");
        assertThat(worker.get("/load").body()).isEqualTo("{\"server_load\":0}");
    }

    @Test
    void tokenizesAndDetokenizes() {
        assertThat(worker.post("/tokenize", "{\"prompt\":\"hi\",\"return_token_strs\":true}")
                        .body())
                .isEqualTo("{\"count\":2,\"max_model_len\":200,\"tokens\":[104,105],\"token_strs\":[\"h\",\"i\"]}");
        assertThat(Harness.json(worker.post(
                                "/tokenize",
                                "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"model\":\"tiny\"}"))
                        .path("count")
                        .intValue())
                .isEqualTo("user:x\nassistant:".length());
        assertThat(worker.post("/detokenize", "{\"tokens\":[104,105]}").body()).isEqualTo("{\"prompt\":\"hi\"}");
        assertThat(worker.post("/detokenize", "{\"tokens\":[4000]}").body()).contains("out of vocabulary");
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /nothing, 404, NotFoundError",
        "POST, /v1/nothing, 404, NotFoundError",
        "GET, /, 404, NotFoundError",
        "GET, /v1/chat/completions, 405, MethodNotAllowedError",
        "DELETE, /v1/models, 405, MethodNotAllowedError",
        "POST, /metrics, 405, MethodNotAllowedError"
    })
    void refusesWhatIsNotThereInOpenAisShape(String method, String path, int status, String type) {
        HttpResponse<String> response =
                worker.send(worker.request(path).method(method, HttpRequest.BodyPublishers.noBody()));
        assertThat(response.statusCode()).isEqualTo(status);
        JsonNode error = Harness.json(response).path("error");
        assertThat(error.path("type").textValue()).isEqualTo(type);
        assertThat(error.path("code").intValue()).isEqualTo(status);
        assertThat(error.path("message").textValue()).contains(path);
        if (status == 405) {
            assertThat(response.headers().firstValue("allow")).isPresent();
        }
    }

    @Test
    void answersHeadAndOptions() {
        HttpResponse<String> head =
                worker.send(worker.request("/v1/models").method("HEAD", HttpRequest.BodyPublishers.noBody()));
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.headers().firstValueAsLong("content-length").orElse(0)).isPositive();
        assertThat(head.body()).isEmpty();
        HttpResponse<String> options =
                worker.send(worker.request("/v1/completions").method("OPTIONS", HttpRequest.BodyPublishers.noBody()));
        assertThat(options.statusCode()).isEqualTo(204);
        assertThat(options.headers().firstValue("allow")).contains("POST, OPTIONS");
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "application/jsonx"})
    void refusesOtherMediaTypes(String type) {
        HttpResponse<String> response = worker.send(
                worker.request("/v1/completions").header("content-type", type).POST(Harness.body("{}")));
        assertThat(response.statusCode()).isEqualTo(415);
        assertThat(Harness.json(response).at("/error/message").textValue()).contains(type);
    }

    @Test
    void takesJsonWithACharsetAndRefusesCompressedBodies() {
        String body = "{\"prompt\":\"x\",\"max_tokens\":1}";
        assertThat(worker.send(worker.request("/v1/completions")
                                .header("content-type", "Application/JSON; charset=utf-8")
                                .POST(Harness.body(body)))
                        .statusCode())
                .isEqualTo(200);
        assertThat(worker.send(worker.request("/v1/completions")
                                .header("content-type", "application/json")
                                .header("content-encoding", "gzip")
                                .POST(Harness.body(body)))
                        .statusCode())
                .isEqualTo(415);
    }

    @Test
    void returnsTheRequestIdAndMakesOneWhereItIsUnusable() {
        assertThat(worker.send(worker.request("/health")
                                .header("x-request-id", "abc-1")
                                .GET())
                        .headers()
                        .firstValue("x-request-id"))
                .contains("abc-1");
        assertThat(worker.send(worker.request("/health")
                                .header("x-request-id", "x".repeat(129))
                                .GET())
                        .headers()
                        .firstValue("x-request-id"))
                .hasValueSatisfying(id -> assertThat(id).hasSize(16));
        HttpResponse<String> answer = worker.send(worker.request("/v1/completions")
                .header("content-type", "application/json")
                .header("x-request-id", "r7")
                .POST(Harness.body("{\"prompt\":\"x\",\"max_tokens\":1}")));
        assertThat(Harness.json(answer).path("id").textValue()).isEqualTo("cmpl-r7");
    }

    @Test
    void drainsWhatRunsAndRefusesWhatComes() throws Exception {
        worker.engine.allow(0);
        CompletableFuture<HttpResponse<String>> running = CompletableFuture.supplyAsync(
                () -> worker.post("/v1/completions", "{\"prompt\":\"x\",\"max_tokens\":4}"));
        Harness.eventually(() -> worker.engine.live() == 1);
        Thread drain = Thread.ofVirtual().start(() -> {
            try {
                worker.server.drain(Duration.ofSeconds(20));
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
        });
        Harness.eventually(() -> worker.get("/ready").statusCode() == 503);
        assertThat(worker.get("/health").statusCode()).isEqualTo(200);
        HttpResponse<String> refused = worker.post("/v1/completions", "{\"prompt\":\"x\"}");
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(Harness.json(refused).at("/error/type").textValue()).isEqualTo("ServiceUnavailableError");
        worker.engine.allow(100);
        assertThat(running.get().statusCode()).isEqualTo(200);
        drain.join();
        assertThat(worker.server.openRequests()).isZero();
    }

    @Test
    void tellsClientsWhenTheDrainIsOver() throws Exception {
        worker.engine.allow(0);
        CompletableFuture<HttpResponse<String>> running = CompletableFuture.supplyAsync(
                () -> worker.post("/v1/completions", "{\"prompt\":\"x\",\"max_tokens\":4}"));
        Harness.eventually(() -> worker.engine.live() == 1);
        worker.server.drain(Duration.ofMillis(50));
        assertThat(running.get().statusCode()).isEqualTo(503);
        assertThat(running.get().body()).contains("shut down before the answer was complete");
    }

    @Test
    void saysInOneSentenceThatThePortIsBusy() {
        WorkerOptions taken = WorkerOptions.loopback(worker.server.port());
        assertThatThrownBy(() -> new Harness(taken)).isInstanceOfSatisfying(ServeException.class, failure -> {
            assertThat(failure.failure()).isEqualTo(Failure.CONFIGURATION);
            assertThat(failure.messageText())
                    .startsWith("The worker cannot listen on 127.0.0.1:" + worker.server.port());
        });
    }
}
