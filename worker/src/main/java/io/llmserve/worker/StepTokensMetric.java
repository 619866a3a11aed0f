package io.llmserve.worker;

import io.llmserve.engine.Engine;
import io.llmserve.engine.EngineStatistics.StepTokens;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;

/// The histogram of tokens per step, in vLLM's bounds. The engine counts; here its sizes, which are the powers of
/// two, fall into buckets.
record StepTokensMetric(String model, Engine engine) implements Collector {
    private static final String NAME = "vllm:iteration_tokens_total";
    private static final int[] BOUNDS = {1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384};

    @Override
    public MetricSnapshot collect() {
        StepTokens counts = engine.statistics().steps();
        ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
        int size = 0;
        for (int bound : BOUNDS) {
            long steps = 0;
            for (; size < counts.steps().length && 1L << size <= bound; size++) {
                steps += counts.steps()[size];
            }
            buckets.bucket(bound, steps);
        }
        long larger = 0;
        for (; size < counts.steps().length; size++) {
            larger += counts.steps()[size];
        }
        buckets.bucket(Double.POSITIVE_INFINITY, larger);
        return HistogramSnapshot.builder()
                .name(NAME)
                .help("Histogram of number of tokens per engine_step.")
                .dataPoint(HistogramSnapshot.HistogramDataPointSnapshot.builder()
                        .labels(Labels.of("model_name", model, "engine", "0"))
                        .classicHistogramBuckets(buckets.build())
                        .sum((double) counts.tokens())
                        .build())
                .build();
    }
}
