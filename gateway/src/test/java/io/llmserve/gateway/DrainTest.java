package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import io.llmserve.gateway.GatewayOptions.Listen;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/// How a gateway starts and stops.
final class DrainTest {
    private static final String BODY = "{\"model\":\"m\"}";
    private static final String STREAMED = "{\"model\":\"m\",\"stream\":true}";
    private static final Duration LONG = Duration.ofMinutes(1);

    @Test
    void letsStreamsFinishAndTakesNothingNew() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.stream(20, 20));
                Rig rig = new Rig(worker)) {
            RawClient streaming = rig.client().send(RawClient.post(Rig.CHAT, STREAMED));
            streaming.readUntil("\"i\":0");
            RawClient idle = rig.client().send(RawClient.get("/health"));
            assertThat(idle.read().status()).isEqualTo(200);
            CompletableFuture<Integer> cut = CompletableFuture.supplyAsync(() -> rig.gateway.drain(LONG));
            Rig.eventually("not ready", () -> ready(rig) == 503);
            RawClient.Answer refused = idle.send(RawClient.post(Rig.CHAT, BODY)).read();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.body()).contains("the gateway is shutting down");
            assertThat(refused.header("connection")).isEqualTo("close");
            assertThat(idle.isClosedByPeer()).isTrue();
            assertThat(cut.isDone()).isFalse();
            streaming.readUntil("data: [DONE]\n\n");
            assertThat(cut.join()).isZero();
        }
    }

    @Test
    void cutsWhatDoesNotEndInTimeWithAnError() throws IOException {
        FakeWorker.Script endless = (request, wire) -> {
            if (request.body().contains("stream")) {
                wire.beginStream();
                wire.chunk("data: {\"i\":0}\n\n");
            }
            return FakeWorker.hang(wire);
        };
        try (FakeWorker worker = new FakeWorker(endless);
                Rig rig = new Rig(Rig.OPTIONS.with(Rig.limits(2, 9, 9)), worker)) {
            RawClient streaming = rig.client().send(RawClient.post(Rig.CHAT, STREAMED));
            streaming.readUntil("\"i\":0}\n\n");
            RawClient plain = rig.client().send(RawClient.post(Rig.CHAT, BODY));
            Rig.eventually("both run", () -> worker.busy.get() == 2);
            RawClient waiting = rig.client().send(RawClient.post(Rig.CHAT, BODY));
            Rig.eventually("one waits", () -> rig.metric("llmserve_queue_depth") == 1);
            assertThat(rig.gateway.drain(Duration.ofMillis(50))).isEqualTo(3);
            streaming.readUntil("data: {\"error\":{\"message\":\"the gateway is shutting down\"");
            streaming.readUntil("0\r\n\r\n");
            assertThat(streaming.isClosedByPeer()).isTrue();
            assertThat(plain.read().status()).isEqualTo(503);
            assertThat(waiting.read().status()).isEqualTo(503);
            Rig.eventually("the worker is told", () -> worker.abandoned.get() == 2);
        }
    }

    @Test
    void anInterruptCutsWhatIsLeftAtOnce() throws Exception {
        try (FakeWorker worker = new FakeWorker((request, wire) -> FakeWorker.hang(wire));
                Rig rig = new Rig(worker)) {
            RawClient waiting = rig.client().send(RawClient.post(Rig.CHAT, BODY));
            Rig.eventually("it runs", () -> worker.busy.get() == 1);
            CompletableFuture<Integer> cut = new CompletableFuture<>();
            Thread draining = Thread.ofPlatform().start(() -> cut.complete(rig.gateway.drain(LONG)));
            Rig.eventually("not ready", () -> ready(rig) == 503);
            draining.interrupt();
            assertThat(cut.join()).isOne();
            assertThat(waiting.read().status()).isEqualTo(503);
        }
    }

    @Test
    void drainingAnIdleGatewayEndsAtOnce() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            assertThat(rig.gateway.drain(LONG)).isZero();
        }
    }

    @Test
    void aClientThatDoesNotReadCannotHoldUpTheClose() throws Exception {
        String event = "data: " + "x".repeat(60_000) + "\n\n";
        FakeWorker.Script flood = (request, wire) -> {
            wire.beginStream();
            while (true) {
                wire.chunk(event);
            }
        };
        try (FakeWorker worker = new FakeWorker(flood)) {
            Rig rig = new Rig(worker);
            RawClient deaf = rig.client().send(RawClient.post(Rig.CHAT, STREAMED));
            deaf.readHead();
            assertThat(rig.gateway.drain(Duration.ofMillis(200))).isOne();
            Thread closing = Thread.ofPlatform().daemon().start(rig.gateway::close);
            assertThat(closing.join(Duration.ofSeconds(30))).as("closed").isTrue();
            assertThat(rig.metric("llmserve_open_connections")).isZero();
            deaf.close();
        }
    }

    @Test
    void waitsForTheFirstWorkerThatIsWell() throws Exception {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"))) {
            worker.healthy(false);
            try (Rig rig = new Rig(worker)) {
                assertThat(rig.gateway.awaitWorker(Duration.ofMillis(1))).isFalse();
                assertThat(rig.post(BODY).status()).isEqualTo(503);
                CompletableFuture<Boolean> well = new CompletableFuture<>();
                Thread.ofPlatform().daemon().start(() -> {
                    try {
                        well.complete(rig.gateway.awaitWorker(LONG));
                    } catch (InterruptedException stop) {
                        well.completeExceptionally(stop);
                    }
                });
                worker.healthy(true);
                assertThat(well.join()).isTrue();
                assertThat(rig.post(BODY).status()).isEqualTo(200);
            }
        }
    }

    @Test
    void afterClosingNothingListens() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"))) {
            Rig rig = new Rig(worker);
            int port = rig.gateway.port();
            int metricsPort = rig.gateway.metricsPort();
            rig.close();
            rig.gateway.close();
            assertThatThrownBy(() -> new RawClient(port)).isInstanceOf(ConnectException.class);
            assertThatThrownBy(() -> new RawClient(metricsPort)).isInstanceOf(ConnectException.class);
        }
    }

    @Test
    void leavesNoThreadBehind() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"))) {
            Rig rig = new Rig(worker);
            rig.post(BODY);
            rig.close();
            Rig.eventually(
                    "no Vert.x thread lives",
                    () -> Thread.getAllStackTraces().keySet().stream()
                            .noneMatch(thread -> thread.getName().startsWith("vert.x")));
        }
    }

    @Test
    void aTakenPortIsOneClearSentence() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"))) {
            int taken = worker.endpoint().port();
            for (Listen listen : List.of(new Listen("127.0.0.1", taken, 0, 2), new Listen("127.0.0.1", 0, taken, 1))) {
                GatewayServer gateway = new GatewayServer(
                        Rig.OPTIONS.with(listen),
                        List.of(new WorkerSource.Fixed(worker.endpoint(), WorkerRole.BOTH)),
                        new PrometheusRegistry(),
                        Clock.SYSTEM);
                assertThatThrownBy(gateway::start)
                        .isInstanceOfSatisfying(
                                ServeException.class,
                                failed -> assertThat(failed.failure()).isEqualTo(Failure.CONFIGURATION))
                        .hasMessage("port " + taken + " on 127.0.0.1 is in use by another program");
            }
        }
    }

    private static int ready(Rig rig) {
        try {
            return rig.get("/ready").status();
        } catch (IOException broken) {
            throw new java.io.UncheckedIOException(broken);
        }
    }
}
