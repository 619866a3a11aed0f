package io.llmserve.app;

import io.llmserve.app.MetricsPage.Sample;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// The text in which a worker, be it ours or vLLM, shows its metrics, read back into families. Counters, gauges and
/// classic histograms; what is of other kinds, and the times of creation that Python adds, are left out.
final class PrometheusText {
    private static final String TYPE = "# TYPE ";
    private static final String HELP = "# HELP ";
    private static final String TOTAL = "_total";
    private static final String INFO = "_info";

    private PrometheusText() {}

    static MetricSnapshots parse(String text) {
        Map<String, String> help = new LinkedHashMap<>();
        Map<String, String> types = new LinkedHashMap<>();
        text.lines().forEach(line -> {
            if (line.startsWith(TYPE)) {
                put(types, line.substring(TYPE.length()));
            } else if (line.startsWith(HELP)) {
                put(help, line.substring(HELP.length()));
            }
        });
        Map<String, List<Sample>> samples = new LinkedHashMap<>();
        MetricsPage.parse(text)
                .samples()
                .forEach(sample -> samples.computeIfAbsent(sample.name(), absent -> new ArrayList<>())
                        .add(sample));
        MetricSnapshots.Builder page = MetricSnapshots.builder();
        types.forEach((name, type) -> family(name, type, help.getOrDefault(name, ""), samples)
                .filter(family -> !page.containsMetricName(family.getMetadata().getName()))
                .ifPresent(page::metricSnapshot));
        return page.build();
    }

    private static void put(Map<String, String> words, String line) {
        int blank = line.indexOf(' ');
        if (blank > 0) {
            words.put(line.substring(0, blank), line.substring(blank + 1));
        }
    }

    private static Optional<MetricSnapshot> family(
            String name, String type, String help, Map<String, List<Sample>> samples) {
        List<Sample> own = samples.getOrDefault(name, List.of());
        return switch (type) {
            case "counter" -> Optional.of(counter(name, help, own));
            case "gauge" ->
                name.endsWith("_created")
                        ? Optional.empty()
                        : Optional.of(name.endsWith(INFO) ? info(name, help, own) : gauge(name, help, own));
            case "histogram" -> Optional.of(histogram(name, help, samples));
            default -> Optional.empty();
        };
    }

    private static MetricSnapshot counter(String name, String help, List<Sample> samples) {
        CounterSnapshot.Builder counter =
                CounterSnapshot.builder().name(without(name, TOTAL)).help(help);
        samples.forEach(sample -> counter.dataPoint(CounterDataPointSnapshot.builder()
                .value(Math.max(0, sample.value()))
                .labels(Labels.of(labels(sample)))
                .build()));
        return counter.build();
    }

    private static MetricSnapshot gauge(String name, String help, List<Sample> samples) {
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
        samples.forEach(sample -> gauge.dataPoint(GaugeDataPointSnapshot.builder()
                .value(sample.value())
                .labels(Labels.of(labels(sample)))
                .build()));
        return gauge.build();
    }

    private static MetricSnapshot info(String name, String help, List<Sample> samples) {
        InfoSnapshot.Builder info =
                InfoSnapshot.builder().name(without(name, INFO)).help(help);
        samples.forEach(sample -> info.dataPoint(new InfoDataPointSnapshot(Labels.of(labels(sample)))));
        return info.build();
    }

    private static MetricSnapshot histogram(String name, String help, Map<String, List<Sample>> samples) {
        Map<Map<String, String>, TreeMap<Double, Long>> cumulative = new LinkedHashMap<>();
        for (Sample bucket : samples.getOrDefault(name + "_bucket", List.of())) {
            Map<String, String> labels = new TreeMap<>(bucket.labels());
            String bound = labels.remove("le");
            if (bound != null) {
                cumulative.computeIfAbsent(labels, absent -> new TreeMap<>()).put(bound(bound), (long) bucket.value());
            }
        }
        HistogramSnapshot.Builder histogram =
                HistogramSnapshot.builder().name(name).help(help);
        for (Sample sum : samples.getOrDefault(name + "_sum", List.of())) {
            TreeMap<Double, Long> buckets = cumulative.getOrDefault(new TreeMap<>(sum.labels()), new TreeMap<>());
            if (buckets.containsKey(Double.POSITIVE_INFINITY)) {
                histogram.dataPoint(HistogramDataPointSnapshot.builder()
                        .classicHistogramBuckets(apart(buckets))
                        .sum(sum.value())
                        .labels(Labels.of(labels(sum)))
                        .build());
            }
        }
        return histogram.build();
    }

    /// Each bucket of the text counts those below it too.
    private static ClassicHistogramBuckets apart(SortedMap<Double, Long> cumulative) {
        ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
        long below = 0;
        for (Map.Entry<Double, Long> bucket : cumulative.entrySet()) {
            buckets.bucket(bucket.getKey(), Math.max(0, bucket.getValue() - below));
            below = bucket.getValue();
        }
        return buckets.build();
    }

    private static double bound(String text) {
        return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
    }

    private static String[] labels(Sample sample) {
        List<String> labels = new ArrayList<>();
        new TreeMap<>(sample.labels()).forEach((name, value) -> {
            labels.add(name);
            labels.add(value);
        });
        return labels.toArray(String[]::new);
    }

    private static String without(String name, String suffix) {
        return name.endsWith(suffix) ? name.substring(0, name.length() - suffix.length()) : name;
    }
}
