package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Clock;
import io.llmserve.core.WorkerRole;
import io.llmserve.gateway.GatewayOptions.Health;
import io.llmserve.gateway.GatewayOptions.Limits;
import io.llmserve.gateway.GatewayOptions.Listen;
import io.llmserve.gateway.GatewayOptions.Timeouts;
import io.llmserve.gateway.WorkerSource.Fixed;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/// A gateway on free loopback ports before fake workers. Closing it checks that nothing is left: no request in
/// flight or waiting, no stream, no connection, no kept byte.
final class Rig implements AutoCloseable {
    static final GatewayOptions OPTIONS = GatewayOptions.defaults()
            .with(new Listen("127.0.0.1", 0, 0, 2))
            .with(new Health(
                    Duration.ofMillis(50), Duration.ofSeconds(5), 3, Duration.ofMillis(100), Duration.ofSeconds(1)))
            .withVersion("1.2.3");
    static final String CHAT = "/v1/chat/completions";

    final GatewayServer gateway;
    final PrometheusRegistry registry = new PrometheusRegistry();
    private final List<RawClient> clients = new ArrayList<>();

    Rig(FakeWorker... workers) {
        this(OPTIONS, workers);
    }

    Rig(GatewayOptions options, FakeWorker... workers) {
        this(
                options,
                Arrays.stream(workers)
                        .map(worker -> (WorkerSource) new Fixed(worker.endpoint(), WorkerRole.BOTH))
                        .toList());
    }

    Rig(GatewayOptions options, List<WorkerSource> workers) {
        gateway = new GatewayServer(options, workers, registry, Clock.SYSTEM);
        gateway.start();
    }

    static Limits limits(int maxInFlight, int maxQueued, int maxStreams) {
        return new Limits(1 << 20, 8 << 20, 8192, 4096, maxInFlight, maxQueued, maxStreams);
    }

    /// Generous ones, except those that the test changes.
    static Timeouts timeouts() {
        return Timeouts.defaults();
    }

    RawClient client() throws IOException {
        RawClient client = new RawClient(gateway.port());
        clients.add(client);
        return client;
    }

    RawClient.Answer post(String body, String... headers) throws IOException {
        try (RawClient client = new RawClient(gateway.port())) {
            return client.send(RawClient.post(CHAT, body, headers)).read();
        }
    }

    RawClient.Answer get(String path, String... headers) throws IOException {
        try (RawClient client = new RawClient(gateway.port())) {
            return client.send(RawClient.get(path, headers)).read();
        }
    }

    /// The sum of a metric over all series that have these label values.
    double metric(String name, String... labelValues) {
        double sum = 0;
        for (MetricSnapshot metric : registry.scrape(found -> found.equals(name))) {
            for (var point : metric.getDataPoints()) {
                boolean wanted = Arrays.stream(labelValues)
                        .allMatch(value -> point.getLabels().stream()
                                .anyMatch(label -> label.getValue().equals(value)));
                if (wanted) {
                    sum += switch (point) {
                        case CounterSnapshot.CounterDataPointSnapshot counter -> counter.getValue();
                        case GaugeSnapshot.GaugeDataPointSnapshot gauge -> gauge.getValue();
                        case HistogramSnapshot.HistogramDataPointSnapshot histogram -> histogram.getCount();
                        default -> throw new IllegalArgumentException(name);
                    };
                }
            }
        }
        return sum;
    }

    /// The metric reaches the value; it is counted when the answer has left.
    void awaitMetric(double value, String name, String... labelValues) {
        eventually(name + " is " + value, () -> metric(name, labelValues) == value);
    }

    static void eventually(String what, BooleanSupplier holds) {
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!holds.getAsBoolean()) {
            assertThat(System.nanoTime()).as("not in 10 s: " + what).isLessThan(end);
            try {
                Thread.sleep(5);
            } catch (InterruptedException stop) {
                throw new IllegalStateException(stop);
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (RawClient client : clients) {
            client.close();
        }
        for (String gauge : List.of(
                "llmserve_requests_in_flight",
                "llmserve_queue_depth",
                "llmserve_open_streams",
                "llmserve_buffered_bytes",
                "llmserve_open_connections",
                "llmserve_worker_requests_in_flight")) {
            eventually(gauge + " is 0", () -> metric(gauge) == 0);
        }
        gateway.close();
    }
}
