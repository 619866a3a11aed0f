package io.llmserve.worker;

import io.llmserve.core.FinishReason;
import io.llmserve.engine.Engine;
import io.llmserve.engine.EngineStatistics;
import io.llmserve.engine.GenerationUsage;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// What vLLM's dashboards and routers read, under vLLM's names, in the newer and in the older spelling. Only
/// what is real for this engine. Label values: the model's name, and "0" for the one engine of this worker.
final class WorkerMetrics {
    private static final String[] LABELS = {"model_name", "engine"};
    private static final double[] LATENCY_SECONDS = {
        0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680
    };
    private static final double[] FIRST_TOKEN_SECONDS = {
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560
    };
    private static final double[] TOKEN_SECONDS = {
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40,
        80
    };
    private static final double[] COUNTS = {
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000
    };
    private static final double[] CHOICES = {1, 2, 5, 10, 20};

    private final PrometheusRegistry registry;
    private final String[] values;
    private final DistributionDataPoint firstToken;
    private final DistributionDataPoint interToken;
    private final DistributionDataPoint interTokenOlder;
    private final DistributionDataPoint perOutputToken;
    private final DistributionDataPoint endToEnd;
    private final DistributionDataPoint queue;
    private final DistributionDataPoint inference;
    private final DistributionDataPoint prefill;
    private final DistributionDataPoint decode;
    private final DistributionDataPoint promptTokens;
    private final DistributionDataPoint generatedTokens;
    private final DistributionDataPoint choices;
    private final DistributionDataPoint maxTokens;
    private final Map<FinishReason, CounterDataPoint> finished = new EnumMap<>(FinishReason.class);
    private final CounterDataPoint failed;

    WorkerMetrics(PrometheusRegistry registry, String model, Engine engine) {
        this.registry = registry;
        this.values = new String[] {model, "0"};
        firstToken = histogram(
                "time_to_first_token_seconds", "Histogram of time to first token in seconds.", FIRST_TOKEN_SECONDS);
        interToken =
                histogram("inter_token_latency_seconds", "Histogram of inter-token latency in seconds.", TOKEN_SECONDS);
        interTokenOlder =
                histogram("time_per_output_token_seconds", "Older name of inter_token_latency_seconds.", TOKEN_SECONDS);
        perOutputToken = histogram(
                "request_time_per_output_token_seconds",
                "Histogram of time_per_output_token_seconds per request.",
                TOKEN_SECONDS);
        endToEnd = histogram(
                "e2e_request_latency_seconds", "Histogram of e2e request latency in seconds.", LATENCY_SECONDS);
        queue = histogram(
                "request_queue_time_seconds", "Histogram of time spent in WAITING phase for request.", LATENCY_SECONDS);
        inference = histogram(
                "request_inference_time_seconds",
                "Histogram of time spent in RUNNING phase for request.",
                LATENCY_SECONDS);
        prefill = histogram(
                "request_prefill_time_seconds",
                "Histogram of time spent in PREFILL phase for request.",
                LATENCY_SECONDS);
        decode = histogram(
                "request_decode_time_seconds", "Histogram of time spent in DECODE phase for request.", LATENCY_SECONDS);
        promptTokens = histogram("request_prompt_tokens", "Number of prefill tokens processed.", COUNTS);
        generatedTokens = histogram("request_generation_tokens", "Number of generation tokens processed.", COUNTS);
        choices = histogram("request_params_n", "Histogram of the n request parameter.", CHOICES);
        maxTokens = histogram("request_params_max_tokens", "Histogram of the max_tokens request parameter.", COUNTS);
        Counter success = Counter.builder()
                .name("vllm:request_success")
                .help("Count of successfully processed requests.")
                .labelNames("model_name", "engine", "finished_reason")
                .register(registry);
        for (FinishReason reason : FinishReason.values()) {
            finished.put(reason, success.labelValues(model, "0", reason.wireName()));
        }
        failed = success.labelValues(model, "0", "error");
        gauges(engine);
        counters(engine);
        cacheConfiguration(engine.statistics().now());
    }

    private void gauges(Engine engine) {
        gauge(
                engine,
                "num_requests_running",
                "Number of requests in model execution batches.",
                EngineStatistics.Gauges::running);
        gauge(
                engine,
                "num_requests_waiting",
                "Number of requests waiting to be processed.",
                EngineStatistics.Gauges::waiting);
        gauge(
                engine,
                "kv_cache_usage_perc",
                "KV-cache usage. 1 means 100 percent usage.",
                EngineStatistics.Gauges::kvUsage);
        gauge(engine, "gpu_cache_usage_perc", "Older name of kv_cache_usage_perc.", EngineStatistics.Gauges::kvUsage);
    }

    private void counters(Engine engine) {
        counter(
                engine,
                "prompt_tokens",
                "Number of prefill tokens processed.",
                EngineStatistics.Counters::promptTokens);
        counter(
                engine,
                "generation_tokens",
                "Number of generation tokens processed.",
                EngineStatistics.Counters::generatedTokens);
        counter(
                engine,
                "num_preemptions",
                "Cumulative number of preemption from the engine.",
                EngineStatistics.Counters::preemptions);
        counter(
                engine,
                "prefix_cache_queries",
                "Prefix cache queries, in terms of number of queried tokens.",
                EngineStatistics.Counters::prefixQueries);
        counter(
                engine,
                "prefix_cache_hits",
                "Prefix cache hits, in terms of number of cached tokens.",
                EngineStatistics.Counters::prefixHits);
        counter(
                engine,
                "gpu_prefix_cache_queries",
                "Older name of prefix_cache_queries.",
                EngineStatistics.Counters::prefixQueries);
        counter(
                engine,
                "gpu_prefix_cache_hits",
                "Older name of prefix_cache_hits.",
                EngineStatistics.Counters::prefixHits);
    }

    /// One request, which may ask for several generations.
    void requested(int choiceCount, int tokenLimit) {
        choices.observe(choiceCount);
        maxTokens.observe(tokenLimit);
    }

    void firstToken(double seconds) {
        firstToken.observe(seconds);
    }

    void nextToken(double seconds) {
        interToken.observe(seconds);
        interTokenOlder.observe(seconds);
    }

    /// One generation, from its request's arrival to its end.
    void finished(FinishReason reason, double seconds, GenerationUsage usage) {
        count(reason);
        endToEnd.observe(seconds);
        queue.observe(seconds(usage.queuedNanos()));
        prefill.observe(seconds(usage.prefillNanos()));
        decode.observe(seconds(usage.decodeNanos()));
        inference.observe(seconds(usage.prefillNanos() + usage.decodeNanos()));
        promptTokens.observe(usage.promptTokens());
        generatedTokens.observe(usage.generatedTokens());
        if (usage.generatedTokens() > 1) {
            perOutputToken.observe(seconds(usage.decodeNanos()) / (usage.generatedTokens() - 1));
        }
    }

    void failed() {
        failed.inc();
    }

    private void count(FinishReason reason) {
        CounterDataPoint counter = finished.get(reason);
        if (counter != null) {
            counter.inc();
        }
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }

    private DistributionDataPoint histogram(String name, String help, double[] bounds) {
        return Histogram.builder()
                .name("vllm:" + name)
                .help(help)
                .labelNames(LABELS)
                .classicOnly()
                .classicUpperBounds(bounds)
                .register(registry)
                .labelValues(values);
    }

    private void gauge(Engine engine, String name, String help, ToDoubleFunction<EngineStatistics.Gauges> value) {
        GaugeWithCallback.builder()
                .name("vllm:" + name)
                .help(help)
                .labelNames(LABELS)
                .callback(sink ->
                        sink.call(value.applyAsDouble(engine.statistics().now()), values))
                .register(registry);
    }

    private void counter(Engine engine, String name, String help, ToDoubleFunction<EngineStatistics.Counters> value) {
        CounterWithCallback.builder()
                .name("vllm:" + name)
                .help(help)
                .labelNames(LABELS)
                .callback(sink ->
                        sink.call(value.applyAsDouble(engine.statistics().total()), values))
                .register(registry);
    }

    /// Values are spelled as Python spells them: vLLM's readers compare text.
    private void cacheConfiguration(EngineStatistics.Gauges engine) {
        Info.builder()
                .name("vllm:cache_config_info")
                .help("Information of the LLMEngine CacheConfig")
                .labelNames(
                        "model_name",
                        "engine",
                        "block_size",
                        "num_gpu_blocks",
                        "kv_cache_size_tokens",
                        "enable_prefix_caching")
                .register(registry)
                .addLabelValues(
                        values[0],
                        values[1],
                        Integer.toString(engine.pageTokens()),
                        Integer.toString(engine.pages()),
                        Long.toString((long) engine.pages() * engine.pageTokens()),
                        "True");
    }
}
