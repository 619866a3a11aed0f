package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.HostPort;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class MetricsTest {
    private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

    @Test
    void theTextOfAllMetricsIsAsAgreed() throws IOException {
        PrometheusRegistry registry = new PrometheusRegistry();
        GatewayMetrics metrics = new GatewayMetrics(registry, "1.2.3");
        metrics.gauge("llmserve_queue_depth", "Requests that wait for a place at the workers.", () -> 3);
        metrics.workerGauge("llmserve_worker_up", "1 if the worker gets requests, else 0.", series -> {
            series.call(1, "a:1", "prefill");
            series.call(0, "b:2", "decode");
        });
        metrics.answered(Route.CHAT_COMPLETIONS, 200, "red", "m", 0.3);
        metrics.answered(Route.TOKENIZE, 400, "red", "m", 0.001);
        metrics.answered("other", 404, "unknown", "none");
        metrics.bytes(100, 2000);
        metrics.upstreamFailed(new HostPort("a", 1), UpstreamFailure.FIRST_BYTE);
        metrics.retried();
        metrics.connectionRefused();
        metrics.waited(0.02);
        metrics.firstToken("m").observe(0.04);
        metrics.interToken("m").observe(0.005);
        metrics.interToken("m").observe(4);
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        ExpositionFormats.init().findWriter(TEXT).write(text, registry.scrape());
        String java = "java=\"" + Runtime.version() + "\"";
        assertThat(text.toString(StandardCharsets.UTF_8).replace(java, "java=\"25\""))
                .isEqualTo(golden());
    }

    @Test
    void theMetricsPortShowsTheRegistryAndItsOwnHealth() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.stream(2, 0));
                Rig rig = new Rig(worker)) {
            rig.post("{\"model\":\"m\",\"stream\":true}");
            rig.awaitMetric(1, "llmserve_requests", "m", "200");
            try (RawClient client = new RawClient(rig.gateway.metricsPort())) {
                RawClient.Answer answer = client.send(RawClient.get("/metrics")).read();
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.header("content-type")).startsWith("text/plain; version=0.0.4");
                assertThat(answer.body())
                        .contains("llmserve_requests_total{model=\"m\",route=\"/v1/chat/completions\",status=\"200\","
                                + "tenant=\"anonymous\"} 1.0")
                        .contains("llmserve_time_to_first_token_seconds_count{model=\"m\"} 1")
                        .contains("llmserve_inter_token_latency_seconds_count{model=\"m\"} ")
                        .contains("inference_requests_total{model=\"m\",status=\"200\"} 1.0")
                        .contains("llmserve_worker_up{role=\"both\",worker=\"" + worker.endpoint() + "\"} 1.0")
                        .contains("llmserve_build_info{java=");
                assertThat(client.send(RawClient.get("/health")).read().body()).isEqualTo("{\"status\":\"ok\"}");
                assertThat(client.send(RawClient.get("/secret")).read().status())
                        .isEqualTo(404);
            }
        }
    }

    @Test
    void strangeModelsAndTenantsDoNotBecomeLabels() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            for (int i = 0; i < 20; i++) {
                rig.post("{\"model\":\"strange-" + i + "\"}");
            }
            rig.awaitMetric(20, "llmserve_requests", "unknown", "404");
        }
    }

    @Test
    void aRequestThatNamesNoModelIsCountedForTheOneThatThereIs() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            rig.post("{}");
            rig.awaitMetric(1, "llmserve_requests", "m", "200");
        }
    }

    private static String golden() {
        try (InputStream file = MetricsTest.class.getResourceAsStream("metrics.golden.txt")) {
            return file == null ? "no golden file" : new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
