package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.gateway.GatewayOptions.Limits;
import io.llmserve.gateway.GatewayOptions.Timeouts;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Every limit has its status and names both numbers; what it refuses leaves nothing behind.
final class LimitsTest {
    private static final String BODY = "{\"model\":\"m\"}";
    private static final String STREAMED = "{\"model\":\"m\",\"stream\":true}";
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final Duration LONG = Duration.ofMinutes(1);

    @Test
    void aBodyThatIsDeclaredTooLargeIsRefusedUnread() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            RawClient client = rig.client().send(head("content-length: 99999999999"));
            RawClient.Answer answer = client.read();
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.body()).contains("99999999999").contains("10485760");
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void aChunkedBodyThatGrowsTooLargeIsRefusedBeforeItsEnd() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(Rig.OPTIONS.with(Rig.limits(9, 9, 9)), worker)) {
            RawClient client = rig.client().send(head("transfer-encoding: chunked"));
            String chunk = Integer.toHexString(100_000) + "\r\n" + " ".repeat(100_000) + "\r\n";
            for (int i = 0; i < 11; i++) {
                client.send(chunk);
            }
            RawClient.Answer answer = client.read();
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.body()).contains("at most 1048576 are allowed");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void aChunkedBodyIsForwardedWhole() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            RawClient client = rig.client().send(head("transfer-encoding: chunked"));
            client.send("8\r\n{\"model\"\r\n").send("5\r\n:\"m\"}\r\n").send("0\r\n\r\n");
            assertThat(client.read().status()).isEqualTo(200);
            assertThat(worker.received.getFirst().body()).isEqualTo(BODY);
        }
    }

    @Test
    void theBodiesOfAllRequestsTogetherHaveALimit() throws IOException {
        Limits tight = new Limits(1 << 20, 1 << 20, 8192, 99, 9, 9, 9);
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(Rig.OPTIONS.with(tight), worker)) {
            rig.client().send(head("content-length: 900000")).send(" ".repeat(800_000));
            Rig.eventually("the first body is kept", () -> rig.metric("llmserve_buffered_bytes") >= 800_000);
            RawClient.Answer answer = rig.post(" ".repeat(400_000));
            assertThat(answer.status()).isEqualTo(429);
            assertThat(answer.body()).contains("of 1048576 bytes for request bodies");
        }
    }

    @Test
    void aHalfSentBodyTimesOut() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(Rig.OPTIONS.with(timeouts(LONG, SHORT, LONG, LONG)), worker)) {
            RawClient client = rig.client().send(head("content-length: 100")).send("{\"model\"");
            RawClient.Answer answer = client.read();
            assertThat(answer.status()).isEqualTo(408);
            assertThat(answer.body()).contains("after 200 ms: 8 bytes came");
        }
    }

    @Test
    void aHeadThatDripsInIsCutOff() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(Rig.OPTIONS.with(timeouts(SHORT, LONG, LONG, LONG)), worker)) {
            RawClient client = rig.client().send("POST /v1/chat");
            RawClient.Answer answer = client.read();
            assertThat(answer.status()).isEqualTo(408);
            assertThat(answer.body()).contains("the request's head was not complete after 200 ms");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void anIdleConnectionIsClosed() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(Rig.OPTIONS.with(timeouts(LONG, LONG, SHORT, LONG)), worker)) {
            RawClient client = rig.client().send(RawClient.get("/health"));
            assertThat(client.read().status()).isEqualTo(200);
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void aBusyConnectionIsNotIdle() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.stream(10, 60));
                Rig rig = new Rig(Rig.OPTIONS.with(timeouts(SHORT, LONG, SHORT, LONG)), worker)) {
            assertThat(rig.post(STREAMED).complete()).isTrue();
        }
    }

    @Test
    void leaveToSendIsGivenOnlyForWhatWillBeRead() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            RawClient good = rig.client().send(head("content-length: 13", "expect: 100-continue"));
            assertThat(good.readHead()).startsWith("HTTP/1.1 100 ");
            assertThat(good.send(BODY).read().status()).isEqualTo(200);
            RawClient large = rig.client().send(head("content-length: 99999999", "expect: 100-continue"));
            assertThat(large.read().status()).isEqualTo(413);
        }
    }

    @Test
    void beyondPlacesAndLineIsTooManyRequests() throws IOException {
        try (FakeWorker worker = new FakeWorker((request, wire) -> FakeWorker.hang(wire));
                Rig rig = new Rig(Rig.OPTIONS.with(Rig.limits(2, 3, 99)), worker)) {
            for (int i = 0; i < 5; i++) {
                rig.client().send(RawClient.post(Rig.CHAT, BODY));
            }
            Rig.eventually("two run", () -> rig.metric("llmserve_requests_in_flight") == 2);
            Rig.eventually("three wait", () -> rig.metric("llmserve_queue_depth") == 3);
            RawClient.Answer answer = rig.post(BODY);
            assertThat(answer.status()).isEqualTo(429);
            assertThat(answer.header("retry-after")).matches("[1-9][0-9]?");
            assertThat(answer.body())
                    .contains("3 of 3 places in the line are taken")
                    .contains("2 of 2 concurrent requests are taken");
            assertThat(worker.received).hasSize(2);
        }
    }

    @Test
    void waitingEndsAtItsDeadline() throws IOException {
        try (FakeWorker worker = new FakeWorker((request, wire) -> FakeWorker.hang(wire));
                Rig rig = new Rig(
                        Rig.OPTIONS.with(Rig.limits(1, 9, 9)).with(timeouts(LONG, LONG, LONG, SHORT)), worker)) {
            rig.client().send(RawClient.post(Rig.CHAT, BODY));
            Rig.eventually("one runs", () -> rig.metric("llmserve_requests_in_flight") == 1);
            RawClient.Answer answer = rig.post(BODY);
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.header("retry-after")).matches("[1-9][0-9]?");
            assertThat(answer.body()).contains(" of 200 ms.").contains("1 of 1 concurrent requests are taken");
        }
    }

    @Test
    void thoseWhoWaitAreServedInTurnAndThoseWhoLeftAreSkipped() throws IOException {
        FakeWorker.Script slow = (request, wire) -> {
            Thread.sleep(request.body().contains("first") ? 300 : 0);
            return FakeWorker.json(200, request.body()).answer(request, wire);
        };
        try (FakeWorker worker = new FakeWorker(slow);
                Rig rig = new Rig(Rig.OPTIONS.with(Rig.limits(1, 9, 9)), worker)) {
            RawClient first = rig.client().send(RawClient.post(Rig.CHAT, "{\"model\":\"m\",\"x\":\"first\"}"));
            Rig.eventually("one runs", () -> rig.metric("llmserve_requests_in_flight") == 1);
            RawClient leaver = rig.client().send(RawClient.post(Rig.CHAT, "{\"model\":\"m\",\"x\":\"leaver\"}"));
            Rig.eventually("one waits", () -> rig.metric("llmserve_queue_depth") == 1);
            RawClient second = rig.client().send(RawClient.post(Rig.CHAT, "{\"model\":\"m\",\"x\":\"second\"}"));
            Rig.eventually("two wait", () -> rig.metric("llmserve_queue_depth") == 2);
            leaver.close();
            Rig.eventually("one waits again", () -> rig.metric("llmserve_queue_depth") == 1);
            assertThat(first.read().body()).contains("first");
            assertThat(second.read().body()).contains("second");
            assertThat(worker.received).hasSize(2);
            rig.awaitMetric(1, "llmserve_requests", "499");
        }
    }

    @Test
    void openStreamsHaveALimit() throws IOException {
        try (FakeWorker worker = new FakeWorker((request, wire) -> FakeWorker.hang(wire));
                Rig rig = new Rig(Rig.OPTIONS.with(Rig.limits(9, 9, 2)), worker)) {
            rig.client().send(RawClient.post(Rig.CHAT, STREAMED));
            rig.client().send(RawClient.post(Rig.CHAT, STREAMED));
            Rig.eventually("two streams", () -> rig.metric("llmserve_open_streams") == 2);
            RawClient.Answer answer = rig.post(STREAMED);
            assertThat(answer.status()).isEqualTo(429);
            assertThat(answer.body()).contains("2 of 2 streams are open");
        }
    }

    @Test
    void connectionsHaveALimit() throws IOException {
        Limits tight = new Limits(1 << 20, 8 << 20, 8192, 2, 9, 9, 9);
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(Rig.OPTIONS.with(tight), worker)) {
            RawClient first = rig.client();
            rig.client();
            Rig.eventually("both are open", () -> rig.metric("llmserve_open_connections") == 2);
            RawClient third = rig.client().send(RawClient.get("/health"));
            RawClient.Answer answer = third.read();
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.body()).contains("3 connections are open, at most 2 are allowed");
            assertThat(third.isClosedByPeer()).isTrue();
            assertThat(first.send(RawClient.get("/health")).read().status()).isEqualTo(200);
            rig.awaitMetric(1, "llmserve_refused_connections");
        }
    }

    @Test
    void twoThousandConnectionsAtOnceAreServed() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(Rig.OPTIONS.with(Rig.limits(64, 4096, 4096)), worker)) {
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < 2000; i++) {
                clients.add(rig.client());
            }
            for (RawClient client : clients) {
                client.send(RawClient.post(Rig.CHAT, BODY));
            }
            for (RawClient client : clients) {
                assertThat(client.read().status()).isEqualTo(200);
            }
            assertThat(worker.received).hasSize(2000);
            assertThat(worker.openConnections()).isLessThanOrEqualTo(2 * 65 + 2);
        }
    }

    private static String head(String... headers) {
        return "POST " + Rig.CHAT + " HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                + String.join("\r\n", headers) + "\r\n\r\n";
    }

    private static Timeouts timeouts(Duration headers, Duration body, Duration idle, Duration queue) {
        return new Timeouts(headers, body, idle, queue, LONG, LONG, LONG, LONG);
    }
}
