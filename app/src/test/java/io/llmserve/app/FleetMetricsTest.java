package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FleetMetricsTest {
    @Test
    void tellsWorkersApartByAddressAndRole() {
        PrometheusRegistry registry = new PrometheusRegistry();
        registry.register(new FleetMetrics(List.of(
                new FleetMetrics.Source(new HostPort("h", 1), WorkerRole.PREFILL, () -> page(1)),
                new FleetMetrics.Source(new HostPort("h", 2), WorkerRole.DECODE, () -> page(2)))));

        assertThat(samples(registry.scrape()))
                .containsExactlyInAnyOrder(
                        "vllm:config {block_size=\"16\",role=\"prefill\",worker=\"h:1\"} info",
                        "vllm:config {block_size=\"16\",role=\"decode\",worker=\"h:2\"} info",
                        "vllm:latency_seconds {role=\"prefill\",worker=\"h:1\"} 3 1.0",
                        "vllm:latency_seconds {role=\"decode\",worker=\"h:2\"} 3 2.0",
                        "vllm:tokens {model_name=\"m\",role=\"prefill\",worker=\"h:1\"} 1.0",
                        "vllm:tokens {model_name=\"m\",role=\"decode\",worker=\"h:2\"} 2.0",
                        "vllm:waiting {role=\"prefill\",worker=\"h:1\"} 1.0",
                        "vllm:waiting {role=\"decode\",worker=\"h:2\"} 2.0");
    }

    private static List<String> samples(MetricSnapshots page) {
        List<String> samples = new ArrayList<>();
        for (MetricSnapshot family : page) {
            for (DataPointSnapshot point : family.getDataPoints()) {
                samples.add("%s %s %s".formatted(family.getMetadata().getName(), point.getLabels(), value(point)));
            }
        }
        return samples;
    }

    private static String value(DataPointSnapshot point) {
        return switch (point) {
            case CounterDataPointSnapshot counter -> "" + counter.getValue();
            case GaugeDataPointSnapshot gauge -> "" + gauge.getValue();
            case HistogramDataPointSnapshot histogram -> histogram.getCount() + " " + histogram.getSum();
            default -> "info";
        };
    }

    /// What one worker has.
    private static MetricSnapshots page(double value) {
        ClassicHistogramBuckets buckets =
                ClassicHistogramBuckets.of(new double[] {1, Double.POSITIVE_INFINITY}, new long[] {2, 1});
        return MetricSnapshots.of(
                CounterSnapshot.builder()
                        .name("vllm:tokens")
                        .dataPoint(CounterDataPointSnapshot.builder()
                                .labels(Labels.of("model_name", "m"))
                                .value(value)
                                .build())
                        .build(),
                GaugeSnapshot.builder()
                        .name("vllm:waiting")
                        .dataPoint(GaugeDataPointSnapshot.builder().value(value).build())
                        .build(),
                HistogramSnapshot.builder()
                        .name("vllm:latency_seconds")
                        .dataPoint(HistogramDataPointSnapshot.builder()
                                .classicHistogramBuckets(buckets)
                                .sum(value)
                                .build())
                        .build(),
                InfoSnapshot.builder()
                        .name("vllm:config")
                        .dataPoint(InfoDataPointSnapshot.builder()
                                .labels(Labels.of("block_size", "16"))
                                .build())
                        .build());
    }
}
