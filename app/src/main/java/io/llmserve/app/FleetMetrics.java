package io.llmserve.app;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.prometheus.metrics.model.registry.MultiCollector;
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
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/// The metrics of all workers on one page. Each has the same families; the labels `worker`, by which the gateway's own
/// metrics call it too, and `role` tell them apart.
record FleetMetrics(List<Source> workers) implements MultiCollector {
    /// One worker's page, read when somebody looks.
    record Source(HostPort address, WorkerRole role, Supplier<MetricSnapshots> page) {
        private Labels labels() {
            return Labels.of("worker", address.toString(), "role", role.wireName());
        }
    }

    FleetMetrics {
        workers = List.copyOf(workers);
    }

    @Override
    public MetricSnapshots collect() {
        Map<String, List<MetricSnapshot>> families = new TreeMap<>();
        for (MetricSnapshot family : all()) {
            List<MetricSnapshot> alike =
                    families.computeIfAbsent(family.getMetadata().getName(), absent -> new ArrayList<>());
            // Engines of two kinds may use one name in two ways; the first one counts.
            if (alike.isEmpty() || alike.getFirst().getClass() == family.getClass()) {
                alike.add(family);
            }
        }
        MetricSnapshots.Builder page = MetricSnapshots.builder();
        families.values().forEach(family -> page.metricSnapshot(merged(family)));
        return page.build();
    }

    /// Asks all at the same time, as each may take long to answer.
    private List<MetricSnapshot> all() {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<List<MetricSnapshot>>> pages = workers.stream()
                    .map(worker -> CompletableFuture.supplyAsync(() -> labelled(worker), threads))
                    .toList();
            return pages.stream().flatMap(page -> page.join().stream()).toList();
        }
    }

    private static List<MetricSnapshot> labelled(Source worker) {
        Labels labels = worker.labels();
        return worker.page().get().stream()
                .map(family -> labelled(family, labels))
                .toList();
    }

    private static MetricSnapshot labelled(MetricSnapshot family, Labels labels) {
        return of(
                family,
                family.getDataPoints().stream()
                        .map(point -> labelled(point, point.getLabels().merge(labels)))
                        .toList());
    }

    private static DataPointSnapshot labelled(DataPointSnapshot point, Labels labels) {
        return switch (point) {
            case CounterDataPointSnapshot counter ->
                new CounterDataPointSnapshot(
                        counter.getValue(), labels, counter.getExemplar(), counter.getCreatedTimestampMillis());
            case GaugeDataPointSnapshot gauge ->
                new GaugeDataPointSnapshot(gauge.getValue(), labels, gauge.getExemplar());
            case HistogramDataPointSnapshot histogram ->
                new HistogramDataPointSnapshot(
                        histogram.getClassicBuckets(),
                        histogram.getSum(),
                        labels,
                        histogram.getExemplars(),
                        histogram.getCreatedTimestampMillis());
            case InfoDataPointSnapshot ignored -> new InfoDataPointSnapshot(labels);
            default -> throw new IllegalStateException("workers have no metrics of " + point.getClass());
        };
    }

    private static MetricSnapshot merged(List<MetricSnapshot> family) {
        return of(
                family.getFirst(),
                family.stream()
                        .<DataPointSnapshot>flatMap(each -> each.getDataPoints().stream())
                        .toList());
    }

    private static MetricSnapshot of(MetricSnapshot family, List<? extends DataPointSnapshot> points) {
        return switch (family) {
            case CounterSnapshot ignored ->
                new CounterSnapshot(family.getMetadata(), all(CounterDataPointSnapshot.class, points));
            case GaugeSnapshot ignored ->
                new GaugeSnapshot(family.getMetadata(), all(GaugeDataPointSnapshot.class, points));
            case HistogramSnapshot ignored ->
                new HistogramSnapshot(family.getMetadata(), all(HistogramDataPointSnapshot.class, points));
            case InfoSnapshot ignored ->
                new InfoSnapshot(family.getMetadata(), all(InfoDataPointSnapshot.class, points));
            default -> throw new IllegalStateException("workers have no metrics of " + family.getClass());
        };
    }

    private static <T> List<T> all(Class<T> type, List<? extends DataPointSnapshot> points) {
        return points.stream().map(type::cast).toList();
    }
}
