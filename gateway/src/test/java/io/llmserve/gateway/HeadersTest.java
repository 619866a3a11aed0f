package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.gateway.GatewayOptions.Security;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What of a request's and an answer's head passes, and who may come in.
final class HeadersTest {
    private static final String BODY = "{\"model\":\"m\"}";
    private static final Security KEYS = new Security(
            List.of(new ApiKey("red", "key-1"), new ApiKey("red", "key-2"), new ApiKey("blue", "key-3")), "secret");

    @Test
    void aRequestWithoutAnIdGetsOne() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            RawClient.Answer answer = rig.post(BODY);
            String id = answer.header("x-request-id");
            assertThat(id).matches("[0-9a-f]{32}");
            assertThat(answer.header("x-llmserve-request-id")).isEqualTo(id);
            assertThat(worker.received.getFirst().headers())
                    .containsEntry("x-request-id", id)
                    .containsEntry("x-llmserve-request-id", id);
            assertThat(rig.post(BODY).header("x-request-id")).isNotEqualTo(id);
        }
    }

    @Test
    void aClientsOwnIdIsKept() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            assertThat(rig.post(BODY, "X-Request-Id: mine-7").header("x-request-id"))
                    .isEqualTo("mine-7");
            assertThat(worker.received.getFirst().headers()).containsEntry("x-request-id", "mine-7");
            assertThat(rig.get("/nowhere", "X-Request-Id: mine-8").header("x-request-id"))
                    .isEqualTo("mine-8");
        }
    }

    @Test
    void headersOfOneHopAndInternalOnesStayHere() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            rig.post(
                    BODY,
                    "Connection: keep-alive, X-Hop",
                    "X-Hop: 1",
                    "TE: trailers",
                    "Proxy-Authorization: Basic x",
                    "Authorization: Bearer sk-client",
                    "Accept-Encoding: gzip",
                    "X-LLMServe-Request-Id: forged",
                    "x-llmserve-other: forged",
                    "X-Custom: kept",
                    "traceparent: 00-1-2-3");
            Map<String, String> headers = worker.received.getFirst().headers();
            assertThat(headers)
                    .containsEntry("x-custom", "kept")
                    .containsEntry("traceparent", "00-1-2-3")
                    .containsEntry("content-type", "application/json")
                    .containsEntry("host", worker.endpoint().toString())
                    .doesNotContainKeys(
                            "x-hop",
                            "te",
                            "proxy-authorization",
                            "authorization",
                            "accept-encoding",
                            "x-llmserve-other");
            assertThat(headers.get("x-llmserve-request-id")).isNotEqualTo("forged");
        }
    }

    @Test
    void headersOfTheWorkersAnswerPassExceptThoseOfTheHop() throws IOException {
        FakeWorker.Script script = (request, wire) -> {
            wire.send(
                    "HTTP/1.1 201 X\r\ncontent-type: text/x\r\nx-more: 1\r\nkeep-alive: timeout=5\r\n"
                            + "server: uvicorn\r\nx-request-id: other\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok");
            return true;
        };
        try (FakeWorker worker = new FakeWorker(script);
                Rig rig = new Rig(worker)) {
            RawClient.Answer answer = rig.post(BODY, "X-Request-Id: mine");
            assertThat(answer.status()).isEqualTo(201);
            assertThat(answer.body()).isEqualTo("ok");
            assertThat(answer.headers())
                    .containsEntry("content-type", "text/x")
                    .containsEntry("x-more", "1")
                    .containsEntry("x-request-id", "mine")
                    .containsEntry("content-length", "2")
                    .doesNotContainKeys("keep-alive", "server", "connection", "access-control-allow-origin");
        }
    }

    @Test
    void withoutKeysTheDoorIsOpen() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            assertThat(rig.post(BODY, "Authorization: Bearer anything").status())
                    .isEqualTo(200);
            rig.awaitMetric(1, "llmserve_requests", "anonymous");
        }
    }

    @Test
    void withKeysOnlyTheirHoldersComeIn() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(Rig.OPTIONS.with(KEYS), worker)) {
            for (RawClient.Answer answer : List.of(
                    rig.post(BODY),
                    rig.post(BODY, "Authorization: Bearer key-4"),
                    rig.post(BODY, "Authorization: Basic key-1"),
                    rig.get("/v1/models"))) {
                assertThat(answer.status()).isEqualTo(401);
                assertThat(answer.header("www-authenticate")).isEqualTo("Bearer");
                assertThat(answer.body())
                        .contains("\"type\":\"AuthenticationError\"")
                        .doesNotContain("key-4");
            }
            assertThat(worker.received).isEmpty();
            assertThat(rig.post(BODY, "Authorization: Bearer key-2").status()).isEqualTo(200);
            assertThat(rig.post(BODY, "authorization: bearer key-3").status()).isEqualTo(200);
            rig.awaitMetric(1, "llmserve_requests", "red", "200");
            rig.awaitMetric(1, "llmserve_requests", "blue", "200");
            rig.awaitMetric(4, "llmserve_requests", "unknown", "401");
        }
    }

    @Test
    void healthAndReadinessNeedNoKey() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(Rig.OPTIONS.with(KEYS), worker)) {
            assertThat(rig.get("/health").status()).isEqualTo(200);
            assertThat(rig.get("/ready").status()).isEqualTo(200);
        }
    }

    @Test
    void behindAnOpenDoorTheClientsOwnSaltCounts() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            rig.post("{\"model\":\"m\",\"cache_salt\":\"mine\"}");
            assertThat(worker.received.getFirst().body()).isEqualTo("{\"model\":\"m\",\"cache_salt\":\"mine\"}");
        }
    }

    @Test
    void everyTenantHasItsOwnCacheSalt() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(Rig.OPTIONS.with(KEYS), worker)) {
            rig.post("{\"model\":\"m\",\"cache\\u005fsalt\":\"forged\"}", "Authorization: Bearer key-1");
            rig.post(BODY, "Authorization: Bearer key-2");
            rig.post("{ }", "Authorization: Bearer key-3");
            List<String> salts = worker.received.stream()
                    .map(request -> new JsonObject(request.body()).getString("cache_salt"))
                    .toList();
            assertThat(salts.get(0)).matches("[A-Za-z0-9_-]{43}").isEqualTo(salts.get(1));
            assertThat(salts.get(2)).matches("[A-Za-z0-9_-]{43}").isNotEqualTo(salts.get(0));
            assertThat(worker.received.getFirst().body()).doesNotContain("forged");
        }
    }
}
