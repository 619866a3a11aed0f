package io.llmserve.worker;

import io.llmserve.core.FinishReason;
import io.llmserve.engine.Engine;
import io.llmserve.engine.GenerationUsage;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// What vLLM's dashboards and routers read, under vLLM's names. Only what is real for this engine. Label values: the
/// model's name, and "0" for the one engine of this worker.
final class WorkerMetrics {
    static final String[] LABELS = {"model_name", "engine"};

    private final Map<WorkerHistogram, List<DistributionDataPoint>> histograms = new EnumMap<>(WorkerHistogram.class);
    private final Map<FinishReason, CounterDataPoint> finished = new EnumMap<>(FinishReason.class);
    private final CounterDataPoint failed;
    private final CounterDataPoint rejected;

    WorkerMetrics(PrometheusRegistry registry, String model, Engine engine) {
        for (WorkerHistogram histogram : WorkerHistogram.values()) {
            histograms.put(histogram, register(registry, model, histogram));
        }
        Counter success = Counter.builder()
                .name("vllm:request_success")
                .help("Count of successfully processed requests.")
                .labelNames("model_name", "engine", "finished_reason")
                .register(registry);
        for (FinishReason reason : FinishReason.values()) {
            finished.put(reason, success.labelValues(model, "0", reason.wireName()));
        }
        failed = success.labelValues(model, "0", "error");
        rejected = Counter.builder()
                .name("vllm:admission_rejections")
                .help("Number of admission attempts rejected by a queue limit, by reason.")
                .labelNames("model_name", "reason")
                .register(registry)
                .labelValues(model, "max_num_queued_reqs");
        EngineMetrics.register(registry, model, engine);
    }

    private static List<DistributionDataPoint> register(
            PrometheusRegistry registry, String model, WorkerHistogram histogram) {
        return MetricNames.spellings(histogram.metric(), histogram.help()).stream()
                .map(spelling -> Histogram.builder()
                        .name(spelling.name())
                        .help(spelling.help())
                        .labelNames(LABELS)
                        .classicOnly()
                        .classicUpperBounds(histogram.bounds())
                        .register(registry)
                        .labelValues(model, "0"))
                .toList();
    }

    /// One request, which may ask for several generations.
    void requested(int choices, int maxTokens) {
        observe(WorkerHistogram.CHOICES, choices);
        observe(WorkerHistogram.MAX_TOKENS, maxTokens);
    }

    /// A request that the queue had no place for.
    void rejected() {
        rejected.inc();
    }

    void firstToken(double seconds) {
        observe(WorkerHistogram.FIRST_TOKEN, seconds);
    }

    void nextToken(double seconds) {
        observe(WorkerHistogram.INTER_TOKEN, seconds);
    }

    /// One generation, from its request's arrival to its end.
    void finished(FinishReason reason, double seconds, GenerationUsage usage) {
        CounterDataPoint counter = finished.get(reason);
        if (counter != null) {
            counter.inc();
        }
        observe(WorkerHistogram.END_TO_END, seconds);
        observe(WorkerHistogram.QUEUE, seconds(usage.queuedNanos()));
        observe(WorkerHistogram.PREFILL, seconds(usage.prefillNanos()));
        observe(WorkerHistogram.DECODE, seconds(usage.decodeNanos()));
        observe(WorkerHistogram.INFERENCE, seconds(usage.prefillNanos() + usage.decodeNanos()));
        observe(WorkerHistogram.PROMPT_TOKENS, usage.promptTokens());
        observe(
                WorkerHistogram.COMPUTED_PROMPT_TOKENS,
                usage.promptTokens() - usage.cachedTokens() - usage.importedTokens());
        observe(WorkerHistogram.GENERATED_TOKENS, usage.generatedTokens());
        observe(WorkerHistogram.PREEMPTIONS, usage.preemptions());
        if (usage.generatedTokens() > 1) {
            double perToken = seconds(usage.decodeNanos()) / (usage.generatedTokens() - 1);
            observe(WorkerHistogram.PER_OUTPUT_TOKEN, perToken);
            if (perToken > 0) {
                observe(WorkerHistogram.DECODE_SPEED, 1 / perToken);
            }
        }
    }

    /// All generations of a request have ended.
    ///
    /// @param longest tokens of the choice that has most
    void answered(int longest) {
        observe(WorkerHistogram.LONGEST_CHOICE, longest);
    }

    void failed() {
        failed.inc();
    }

    private void observe(WorkerHistogram histogram, double value) {
        for (DistributionDataPoint point : histograms.getOrDefault(histogram, List.of())) {
            point.observe(value);
        }
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }
}
