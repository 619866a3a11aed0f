package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Clock;
import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import io.llmserve.gateway.GatewayOptions.Discovery;
import io.llmserve.wire.DiscoveryMessage.Heartbeat;
import io.llmserve.wire.DiscoveryMessage.Leave;
import io.llmserve.wire.DiscoveryMessage.Register;
import io.llmserve.wire.DiscoveryReply;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Workers that register themselves, over real ZeroMQ.
final class DiscoveryTest {
    private static final String BODY = "{\"model\":\"m\",\"prompt\":\"x\",\"max_tokens\":1}";

    @Test
    void aWorkerThatRegistersIsServedFrom() throws IOException {
        try (FakeWorker worker = new FakeWorker(new ContractWorker());
                Rig rig = rig(Duration.ofMinutes(1));
                FakeAnnouncer announcer = new FakeAnnouncer(rig.gateway.discoveryPort())) {
            assertThat(rig.post(BODY).body()).contains("no worker is known yet");
            assertThat(announcer.say(register(worker))).isEqualTo(DiscoveryReply.WELCOME);
            rig.awaitMetric(1, "llmserve_worker_up");
            assertThat(rig.post(BODY).status()).isEqualTo(200);
            assertThat(announcer.say(heartbeat(worker))).isEqualTo(DiscoveryReply.WELCOME);
            assertThat(announcer.say(new Leave("id-" + worker.endpoint()))).isEqualTo(DiscoveryReply.WELCOME);
            assertThat(rig.post(BODY).status()).isEqualTo(503);
            assertThat(announcer.say(heartbeat(worker))).isEqualTo(DiscoveryReply.UNKNOWN);
        }
    }

    @Test
    void silenceTakesAWorkerOutAndItsReturnBringsItBack() throws IOException {
        try (FakeWorker worker = new FakeWorker(new ContractWorker());
                Rig rig = rig(Duration.ofMillis(200));
                FakeAnnouncer announcer = new FakeAnnouncer(rig.gateway.discoveryPort())) {
            Rig.eventually("in", () -> {
                announcer.say(register(worker));
                return rig.metric("llmserve_worker_up") == 1;
            });
            Rig.eventually("not heard of", () -> rig.metric("llmserve_worker_up") == 0);
            assertThat(announcer.say(heartbeat(worker))).isEqualTo(DiscoveryReply.UNKNOWN);
            Rig.eventually("back", () -> {
                announcer.say(register(worker));
                return rig.metric("llmserve_worker_up") == 1;
            });
            assertThat(rig.post(BODY).status()).isEqualTo(200);
        }
    }

    @Test
    void aRegisteredWorkerThatIsNotWellIsOut() throws IOException {
        try (FakeWorker worker = new FakeWorker(new ContractWorker());
                Rig rig = rig(Duration.ofMinutes(1));
                FakeAnnouncer announcer = new FakeAnnouncer(rig.gateway.discoveryPort())) {
            announcer.say(register(worker));
            rig.awaitMetric(1, "llmserve_worker_up");
            worker.healthy(false);
            rig.awaitMetric(0, "llmserve_worker_up");
            worker.healthy(true);
            rig.awaitMetric(1, "llmserve_worker_up");
        }
    }

    @Test
    void garbageHarmsNobody() throws IOException {
        try (FakeWorker worker = new FakeWorker(new ContractWorker());
                Rig rig = rig(Duration.ofMinutes(1));
                FakeAnnouncer announcer = new FakeAnnouncer(rig.gateway.discoveryPort())) {
            announcer.sayRaw(new byte[] {1, 2, 3});
            announcer.sayRaw(new byte[0]);
            announcer.sayRaw("GET / HTTP/1.1\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            assertThat(announcer.say(register(worker))).isEqualTo(DiscoveryReply.WELCOME);
        }
    }

    @Test
    void aTakenPortIsOneClearSentence() throws IOException {
        try (Rig rig = rig(Duration.ofMinutes(1));
                GatewayServer second = new GatewayServer(
                        Rig.OPTIONS.with(Discovery.at("127.0.0.1", rig.gateway.discoveryPort())),
                        List.of(),
                        new PrometheusRegistry(),
                        Clock.SYSTEM)) {
            assertThatThrownBy(second::start)
                    .isInstanceOf(ServeException.class)
                    .hasMessageContaining("discovery port " + rig.gateway.discoveryPort());
        }
    }

    private static Rig rig(Duration silence) {
        Discovery usual = Discovery.at("127.0.0.1", 0);
        return new Rig(
                Rig.OPTIONS.with(
                        new Discovery(usual.host(), usual.port(), silence, usual.maxWorkers(), usual.dnsInterval())),
                List.of());
    }

    private static Register register(FakeWorker worker) {
        return new Register(ContractWorker.announcement(worker, WorkerRole.BOTH));
    }

    private static Heartbeat heartbeat(FakeWorker worker) {
        return new Heartbeat("id-" + worker.endpoint());
    }
}
