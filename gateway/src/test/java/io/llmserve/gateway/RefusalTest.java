package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/// What the gateway answers itself when a request cannot be served: OpenAI's error object, always.
final class RefusalTest {
    private static final String BODY = "{\"model\":\"m\"}";

    @Test
    void unknownPathsAreNotFound() throws IOException {
        refuses(RawClient.get("/v1/nothing"), 404, "NotFoundError", "there is no GET /v1/nothing here");
    }

    @Test
    void wrongMethodsNameTheRightOne() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            RawClient.Answer answer = rig.get(Rig.CHAT);
            assertThat(answer.status()).isEqualTo(405);
            assertThat(answer.header("allow")).isEqualTo("POST");
            assertThat(answer.body()).contains("\"type\":\"MethodNotAllowedError\"");
            assertThat(rig.client().send(RawClient.post("/health", "{}")).read().header("allow"))
                    .isEqualTo("GET, HEAD");
        }
    }

    @Test
    void otherMediaTypesAreUnsupported() throws IOException {
        String form = RawClient.post(Rig.CHAT, BODY).replace("application/json", "text/plain");
        refuses(form, 415, "UnsupportedMediaTypeError", "Content-Type must be application/json, got text/plain");
        String none = RawClient.post(Rig.CHAT, BODY).replace("content-type: application/json\r\n", "");
        refuses(none, 415, "UnsupportedMediaTypeError", "Content-Type must be application/json, got none");
    }

    @Test
    void aMediaTypeMayHaveParameters() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            String request =
                    RawClient.post(Rig.CHAT, BODY).replace("application/json", "Application/JSON; charset=utf-8");
            assertThat(rig.client().send(request).read().status()).isEqualTo(200);
        }
    }

    @Test
    void invalidJsonIsABadRequest() throws IOException {
        refuses(RawClient.post(Rig.CHAT, "{\"model\":"), 400, "BadRequestError", "");
        refuses(RawClient.post(Rig.CHAT, ""), 400, "BadRequestError", "");
        refuses(RawClient.post(Rig.CHAT, "[]"), 400, "BadRequestError", "");
        refuses(RawClient.post(Rig.CHAT, "{\"model\":7}"), 400, "BadRequestError", "model");
    }

    @Test
    void invalidJsonThatIsLargeIsABadRequestToo() throws IOException {
        refuses(RawClient.post(Rig.CHAT, "{\"x\":\"" + "x".repeat(500_000)), 400, "BadRequestError", "");
    }

    @Test
    void anUnknownModelIsNotFoundAndTheKnownOnesAreNamed() throws IOException {
        try (FakeWorker one = new FakeWorker(FakeWorker.json(200, "{}"), "b", "a");
                FakeWorker two = new FakeWorker(FakeWorker.json(200, "{}"), "b", "c");
                Rig rig = new Rig(one, two)) {
            RawClient.Answer answer = rig.post("{\"model\":\"gpt-4\"}");
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.body())
                    .isEqualTo("{\"error\":{\"message\":\"The model `gpt-4` does not exist; there are: a, b, c\","
                            + "\"type\":\"NotFoundError\",\"param\":\"model\",\"code\":404}}");
            rig.awaitMetric(1, "llmserve_requests", "unknown", "404");
        }
    }

    @Test
    void aModelGoesToAWorkerThatHasIt() throws IOException {
        try (FakeWorker one = new FakeWorker(FakeWorker.json(200, "{}"), "a");
                FakeWorker two = new FakeWorker(FakeWorker.json(200, "{}"), "b");
                Rig rig = new Rig(one, two)) {
            for (int i = 0; i < 5; i++) {
                assertThat(rig.post("{\"model\":\"b\"}").status()).isEqualTo(200);
            }
            assertThat(one.received).isEmpty();
            assertThat(two.received).hasSize(5);
        }
    }

    @Test
    void whatIsNotHttpIsABadRequest() throws IOException {
        refuses("NONSENSE\r\n\r\n", 400, "BadRequestError", "this is not an HTTP request");
    }

    @Test
    void headersAndRequestLineHaveALimit() throws IOException {
        String longHeader = RawClient.get("/health", "x: " + "y".repeat(100_000));
        refuses(longHeader, 431, "RequestHeadersTooLargeError", "headers have more than 32768 bytes");
        refuses(RawClient.get("/" + "y".repeat(100_000)), 414, "RequestUriTooLongError", "more than 32768 bytes");
    }

    @Test
    void aRefusedRequestsSmallBodyDoesNotCostTheConnection() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            RawClient client = rig.client().send(RawClient.post("/nowhere", BODY));
            assertThat(client.read().status()).isEqualTo(404);
            assertThat(client.send(RawClient.post(Rig.CHAT, BODY)).read().status())
                    .isEqualTo(200);
        }
    }

    private static void refuses(String request, int status, String type, String message) throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            RawClient.Answer answer = rig.client().send(request).read();
            assertThat(answer.status()).as(answer.body()).isEqualTo(status);
            assertThat(answer.header("content-type")).isEqualTo("application/json");
            assertThat(answer.body())
                    .startsWith("{\"error\":{\"message\":\"")
                    .contains(message)
                    .contains("\"type\":\"" + type + "\"")
                    .endsWith("\"code\":" + status + "}}");
            assertThat(worker.received).isEmpty();
        }
    }
}
