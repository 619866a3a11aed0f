package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.gateway.GatewayOptions.Timeouts;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Workers and clients that fail at every point of a request: it ends in a complete answer or in one clear
/// error, and nothing is left behind (checked when the rig closes).
final class FaultTest {
    private static final String BODY = "{\"model\":\"m\"}";
    private static final String STREAMED = "{\"model\":\"m\",\"stream\":true}";
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final Duration SHORT = Duration.ofMillis(200);

    private static final FakeWorker.Script DIES_AT_ONCE = (request, wire) -> false;
    private static final FakeWorker.Script HANGS = (request, wire) -> FakeWorker.hang(wire);
    private static final FakeWorker.Script DIES_IN_A_STREAM = (request, wire) -> {
        wire.beginStream();
        wire.chunk("data: {\"i\":0}\n\n");
        Thread.sleep(50);
        wire.resetOnClose();
        return false;
    };

    @Test
    void aWorkerThatDiesBeforeItsAnswerIsReplacedByAnother() throws IOException {
        try (FakeWorker bad = new FakeWorker(DIES_AT_ONCE);
                FakeWorker good = new FakeWorker(FakeWorker.json(200, "{\"ok\":1}"));
                Rig rig = new Rig(bad, good)) {
            for (int i = 0; i < 4; i++) {
                assertThat(rig.post(BODY).body()).isEqualTo("{\"ok\":1}");
            }
            assertThat(bad.received).isNotEmpty();
            assertThat(good.received).hasSize(4);
            rig.awaitMetric(bad.received.size(), "llmserve_upstream_retries");
            rig.awaitMetric(bad.received.size(), "llmserve_upstream_failures", "closed");
        }
    }

    @Test
    void aWorkerThatDiesWithinADocumentIsReplacedByAnother() throws IOException {
        FakeWorker.Script half = (request, wire) -> {
            wire.send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"half\":");
            return false;
        };
        try (FakeWorker bad = new FakeWorker(half);
                FakeWorker good = new FakeWorker(FakeWorker.json(200, "{\"ok\":1}"));
                Rig rig = new Rig(bad, good)) {
            assertThat(rig.post(BODY).body()).isEqualTo("{\"ok\":1}");
            assertThat(rig.post(BODY).body()).isEqualTo("{\"ok\":1}");
            rig.awaitMetric(1, "llmserve_upstream_failures", "died");
        }
    }

    @Test
    void aRequestIsRetriedOnceOnly() throws IOException {
        try (FakeWorker one = new FakeWorker(DIES_AT_ONCE);
                FakeWorker two = new FakeWorker(DIES_AT_ONCE);
                FakeWorker three = new FakeWorker(DIES_AT_ONCE);
                Rig rig = new Rig(one, two, three)) {
            RawClient.Answer answer = rig.post(BODY);
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.body())
                    .contains("\"type\":\"UpstreamError\"")
                    .contains("closed the connection before its answer began")
                    .contains("the second worker that failed this request");
            assertThat(one.received.size() + two.received.size() + three.received.size())
                    .isEqualTo(2);
        }
    }

    @Test
    void theOnlyWorkerIsAskedAgainWhenItsConnectionClosed() throws IOException {
        AtomicInteger count = new AtomicInteger();
        FakeWorker.Script second = (request, wire) -> count.incrementAndGet() == 2
                && FakeWorker.json(200, "{\"ok\":1}").answer(request, wire);
        try (FakeWorker worker = new FakeWorker(second);
                Rig rig = new Rig(worker)) {
            assertThat(rig.post(BODY).status()).isEqualTo(200);
        }
    }

    @Test
    void aStreamThatBreaksEndsWithAnErrorEvent() throws IOException {
        try (FakeWorker bad = new FakeWorker(DIES_IN_A_STREAM);
                FakeWorker other = new FakeWorker(DIES_IN_A_STREAM);
                Rig rig = new Rig(bad, other)) {
            RawClient.Answer answer = rig.post(STREAMED);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.complete()).isTrue();
            assertThat(answer.body())
                    .startsWith("data: {\"i\":0}\n\ndata: {\"error\":{\"message\":\"worker 127.0.0.1:")
                    .contains("broke off its answer")
                    .endsWith("\"code\":502}}\n\n")
                    .doesNotContain("[DONE]");
            assertThat(bad.received.size() + other.received.size()).isEqualTo(1);
            rig.awaitMetric(1, "llmserve_requests", "502");
        }
    }

    @Test
    void aStreamThatBreaksBeforeItsFirstEventIsRetried() throws IOException {
        FakeWorker.Script headOnly = (request, wire) -> {
            wire.beginStream();
            wire.chunk("data: {\"hal");
            return false;
        };
        try (FakeWorker bad = new FakeWorker(headOnly);
                FakeWorker good = new FakeWorker(FakeWorker.stream(1, 0));
                Rig rig = new Rig(bad, good)) {
            for (int i = 0; i < 2; i++) {
                assertThat(rig.post(STREAMED).body()).isEqualTo("data: {\"i\":0}\n\ndata: [DONE]\n\n");
            }
            assertThat(bad.received).hasSize(1);
        }
    }

    @Test
    void halfAnEventIsNeverPassedOn() throws IOException {
        FakeWorker.Script half = (request, wire) -> {
            wire.beginStream();
            wire.chunk("data: {\"i\":0}\n\ndata: {\"i\"");
            Thread.sleep(50);
            wire.send("ff\r\n:1");
            return false;
        };
        try (FakeWorker worker = new FakeWorker(half);
                Rig rig = new Rig(worker)) {
            assertThat(rig.post(STREAMED).body()).startsWith("data: {\"i\":0}\n\ndata: {\"error\":");
        }
    }

    @Test
    void aStreamThatEndsWithoutItsLastEventIsNotTakenForComplete() throws IOException {
        FakeWorker.Script short1 = (request, wire) -> {
            wire.beginStream();
            wire.chunk("data: {\"i\":0}\n\n");
            wire.endStream();
            return true;
        };
        try (FakeWorker worker = new FakeWorker(short1);
                Rig rig = new Rig(worker)) {
            assertThat(rig.post(STREAMED).body()).contains("data: {\"error\":").contains("ended without [DONE]");
        }
    }

    @Test
    void aWorkerThatHangsTimesOut() throws IOException {
        try (FakeWorker worker = new FakeWorker(HANGS);
                Rig rig = new Rig(Rig.OPTIONS.with(timeouts(SHORT, LONG, LONG)), worker)) {
            RawClient.Answer answer = rig.post(BODY);
            assertThat(answer.status()).isEqualTo(504);
            assertThat(answer.body()).contains("did not begin to answer: no byte for 200 ms");
            assertThat(worker.received).hasSize(1);
            Rig.eventually("the worker is told", () -> worker.abandoned.get() == 1);
        }
    }

    @Test
    void aStreamThatStallsEndsWithAnErrorEvent() throws IOException {
        FakeWorker.Script stalls = (request, wire) -> {
            wire.beginStream();
            wire.chunk("data: {\"i\":0}\n\n");
            return FakeWorker.hang(wire);
        };
        try (FakeWorker worker = new FakeWorker(stalls);
                Rig rig = new Rig(Rig.OPTIONS.with(timeouts(LONG, SHORT, LONG)), worker)) {
            RawClient.Answer answer = rig.post(STREAMED);
            assertThat(answer.body())
                    .contains("stopped in the middle of its answer")
                    .contains("\"code\":504");
            Rig.eventually("the worker is told", () -> worker.abandoned.get() == 1);
        }
    }

    @Test
    void garbageIsNotPassedOn() throws IOException {
        FakeWorker.Script garbage = (request, wire) -> {
            wire.send("SSH-2.0-OpenSSH_9.6\r\n\r\n");
            return FakeWorker.hang(wire);
        };
        try (FakeWorker worker = new FakeWorker(garbage);
                FakeWorker other = new FakeWorker(garbage);
                Rig rig = new Rig(worker, other)) {
            RawClient.Answer answer = rig.post(BODY);
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.body()).contains("did not answer in HTTP");
            rig.awaitMetric(2, "llmserve_upstream_failures", "garbage");
        }
    }

    @Test
    void anEventWithoutAnEndIsGarbage() throws IOException {
        FakeWorker.Script endless = (request, wire) -> {
            wire.beginStream();
            wire.chunk("data: {\"i\":0}\n\n");
            while (true) {
                wire.chunk("x".repeat(1 << 16));
            }
        };
        try (FakeWorker worker = new FakeWorker(endless);
                Rig rig = new Rig(worker)) {
            assertThat(rig.post(STREAMED).body()).contains("an event without an end");
        }
    }

    @Test
    void aWorkersOwn500IsPassedOnAndNotRetried() throws IOException {
        try (FakeWorker bad = new FakeWorker(FakeWorker.json(500, "{\"error\":{\"message\":\"mine\"}}"));
                FakeWorker other = new FakeWorker(FakeWorker.json(500, "{\"error\":{\"message\":\"mine\"}}"));
                Rig rig = new Rig(bad, other)) {
            RawClient.Answer answer = rig.post(BODY);
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.body()).contains("mine");
            assertThat(bad.received.size() + other.received.size()).isEqualTo(1);
        }
    }

    @Test
    void aClientThatLeavesAStreamEndsItAtTheWorker() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.stream(100_000, 2));
                Rig rig = new Rig(worker)) {
            RawClient client = rig.client().send(RawClient.post(Rig.CHAT, STREAMED));
            client.readUntil("\"i\":3");
            client.close();
            Rig.eventually("the worker is told", () -> worker.abandoned.get() == 1);
            rig.awaitMetric(1, "llmserve_requests", "499");
        }
    }

    @Test
    void aClientThatLeavesBeforeTheAnswerEndsItAtTheWorker() throws IOException {
        try (FakeWorker worker = new FakeWorker(HANGS);
                Rig rig = new Rig(worker)) {
            RawClient client = rig.client().send(RawClient.post(Rig.CHAT, BODY));
            Rig.eventually("the worker has it", () -> worker.busy.get() == 1);
            client.close();
            Rig.eventually("the worker is told", () -> worker.abandoned.get() == 1);
        }
    }

    @Test
    void aClientThatDiesMidUploadLeavesNothing() throws IOException {
        try (FakeWorker worker = new FakeWorker(HANGS);
                Rig rig = new Rig(worker)) {
            RawClient client = rig.client()
                    .send(RawClient.post(Rig.CHAT, BODY + " ".repeat(1000)).substring(0, 500));
            Rig.eventually("the gateway has some of it", () -> rig.metric("llmserve_buffered_bytes") > 0);
            client.close();
            rig.awaitMetric(1, "llmserve_requests", "499");
            assertThat(worker.received).isEmpty();
        }
    }

    @Test
    void anUnreadableChunkOfABodyIsABadRequest() throws IOException {
        try (FakeWorker worker = new FakeWorker(HANGS);
                Rig rig = new Rig(worker)) {
            RawClient client = rig.client()
                    .send("POST " + Rig.CHAT + " HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                            + "transfer-encoding: chunked\r\n\r\nzz\r\n");
            assertThat(client.read().status()).isEqualTo(400);
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void aClientThatDoesNotReadHoldsTheWorkerBackAndIsCutOffInTheEnd() throws IOException {
        AtomicInteger sent = new AtomicInteger();
        FakeWorker.Script flood = (request, wire) -> {
            wire.beginStream();
            while (true) {
                wire.chunk("data: " + "x".repeat(60_000) + "\n\n");
                sent.addAndGet(60_000);
            }
        };
        try (FakeWorker worker = new FakeWorker(flood);
                Rig rig = new Rig(Rig.OPTIONS.with(timeouts(LONG, LONG, Duration.ofSeconds(1))), worker)) {
            RawClient client = rig.client().send(RawClient.post(Rig.CHAT, STREAMED));
            client.readUntil("data: x");
            Rig.eventually("the worker is told", () -> worker.abandoned.get() == 1);
            assertThat(sent.get()).as("bytes that fit in socket buffers").isLessThan(64 << 20);
            rig.awaitMetric(1, "llmserve_requests", "499");
        }
    }

    @Test
    void aSlowClientGetsEverything() throws IOException {
        String event = "data: " + "x".repeat(60_000) + "\n\n";
        FakeWorker.Script large = (request, wire) -> {
            wire.beginStream();
            for (int i = 0; i < 300; i++) {
                wire.chunk(event);
            }
            wire.chunk("data: [DONE]\n\n");
            wire.endStream();
            return true;
        };
        try (FakeWorker worker = new FakeWorker(large);
                Rig rig = new Rig(worker)) {
            RawClient client = rig.client().send(RawClient.post(Rig.CHAT, STREAMED));
            Rig.eventually("the worker waits", () -> worker.busy.get() == 1);
            RawClient.Answer answer = client.read();
            assertThat(answer.complete()).isTrue();
            assertThat(answer.body().length()).isEqualTo(300 * event.length() + "data: [DONE]\n\n".length());
        }
    }

    @Test
    void aDocumentLargerThanTheBufferPassesOn() throws IOException {
        String document = "{\"x\":\"" + "y".repeat(5_000_000) + "\"}";
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, document));
                Rig rig = new Rig(worker)) {
            RawClient.Answer answer = rig.post(BODY);
            assertThat(answer.complete()).isTrue();
            assertThat(answer.body()).isEqualTo(document);
        }
    }

    @Test
    void aLargeDocumentThatBreaksClosesTheConnection() throws IOException {
        FakeWorker.Script broken = (request, wire) -> {
            wire.send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9000000\r\n\r\n"
                    + "y".repeat(3_000_000));
            return false;
        };
        try (FakeWorker worker = new FakeWorker(broken);
                Rig rig = new Rig(worker)) {
            RawClient.Answer answer = rig.post(BODY);
            assertThat(answer.complete()).isFalse();
        }
    }

    private static Timeouts timeouts(Duration firstByte, Duration stall, Duration slowClient) {
        return new Timeouts(LONG, LONG, LONG, LONG, LONG, firstByte, stall, slowClient);
    }
}
