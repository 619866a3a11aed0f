package io.llmserve.worker;

import io.llmserve.engine.Engine;
import io.llmserve.engine.EngineStatistics;
import io.llmserve.engine.EngineStatistics.Counters;
import io.llmserve.engine.EngineStatistics.Gauges;
import io.llmserve.engine.EngineStatistics.Handovers;
import io.llmserve.worker.MetricNames.Spelling;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.ObjLongConsumer;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/// What an engine counts by itself, read at each scrape.
final class EngineMetrics {
    private static final List<Row<Gauges>> GAUGES = List.of(
            new Row<>("num_requests_running", "Number of requests in model execution batches.", Gauges::running),
            new Row<>("num_requests_waiting", "Number of requests waiting to be processed.", Gauges::waiting),
            new Row<>("kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.", Gauges::kvUsage));

    /// `total` gets its suffix when it is written.
    private static final List<Row<Counters>> COUNTERS = List.of(
            new Row<>("prompt_tokens", "Number of prefill tokens processed.", Counters::promptTokens),
            new Row<>("prompt_tokens_cached", "Number of cached prompt tokens (local + external).", total ->
                    (double) (total.cachedTokens() + total.importedTokens())),
            new Row<>("generation_tokens", "Number of generation tokens processed.", Counters::generatedTokens),
            new Row<>("num_preemptions", "Cumulative number of preemption from the engine.", Counters::preemptions),
            new Row<>(
                    "prefix_cache_queries",
                    "Prefix cache queries, in terms of number of queried tokens.",
                    Counters::prefixQueries),
            new Row<>(
                    "prefix_cache_hits",
                    "Prefix cache hits, in terms of number of cached tokens.",
                    Counters::prefixHits),
            new Row<>(
                    "llmserve_prefill_batch_tokens",
                    "Prompt tokens of the steps that computed prompts.",
                    Counters::promptStepTokens),
            new Row<>(
                    "llmserve_prefill_batch_room_tokens",
                    "Prompt tokens that the steps which computed prompts had room for.",
                    Counters::promptStepRoom));

    private final PrometheusRegistry registry;
    private final String model;
    private final Engine engine;

    /// @param name as [MetricNames#spellings] takes it
    private record Row<S>(String name, String help, ToDoubleFunction<S> value) {}

    private EngineMetrics(PrometheusRegistry registry, String model, Engine engine) {
        this.registry = registry;
        this.model = model;
        this.engine = engine;
    }

    static void register(PrometheusRegistry registry, String model, Engine engine) {
        EngineMetrics metrics = new EngineMetrics(registry, model, engine);
        GAUGES.forEach(metrics::gauge);
        COUNTERS.forEach(metrics::counter);
        metrics.bySource();
        metrics.waiting();
        metrics.external();
        metrics.cacheConfiguration(engine.statistics().now());
        registry.register(new StepTokensMetric(model, engine));
    }

    private void gauge(Row<Gauges> row) {
        for (Spelling spelling : MetricNames.spellings(row.name(), row.help())) {
            GaugeWithCallback.builder()
                    .name(spelling.name())
                    .help(spelling.help())
                    .labelNames(WorkerMetrics.LABELS)
                    .callback(sink -> sink.call(
                            row.value().applyAsDouble(engine.statistics().now()), model, "0"))
                    .register(registry);
        }
    }

    private void counter(Row<Counters> row) {
        for (Spelling spelling : MetricNames.spellings(row.name(), row.help())) {
            CounterWithCallback.builder()
                    .name(spelling.name())
                    .help(spelling.help())
                    .labelNames(WorkerMetrics.LABELS)
                    .callback(sink -> sink.call(
                            row.value().applyAsDouble(engine.statistics().total()), model, "0"))
                    .register(registry);
        }
    }

    private void bySource() {
        byLabel("prompt_tokens_by_source", "Number of prompt tokens by source.", "source", (total, sink) -> {
            sink.accept("local_compute", total.promptTokens() - total.cachedTokens() - total.importedTokens());
            sink.accept("local_cache_hit", total.cachedTokens());
            sink.accept("external_kv_transfer", total.importedTokens());
        });
        byLabel(
                "prompt_tokens_cached_by_source",
                "Cached prompt tokens by where they were: device (this worker's pages), p2p (another worker's).",
                "source",
                (total, sink) -> {
                    sink.accept("device", total.cachedTokens());
                    sink.accept("p2p", total.importedTokens());
                });
    }

    private void byLabel(String name, String help, String label, BiConsumer<Counters, ObjLongConsumer<String>> values) {
        CounterWithCallback.builder()
                .name(MetricNames.PREFIX + name)
                .help(help)
                .labelNames("model_name", "engine", label)
                .callback(sink -> values.accept(
                        engine.statistics().total(), (value, count) -> sink.call((double) count, model, "0", value)))
                .register(registry);
    }

    private void waiting() {
        byLabelNow(
                "num_requests_waiting_by_reason",
                "Number of waiting requests by reason: 'capacity' = waiting for scheduling capacity; 'deferred' = waiting"
                        + " for pages of another worker.",
                "reason",
                (now, sink) -> {
                    sink.accept("capacity", now.waiting() - now.fetching().all());
                    sink.accept("deferred", now.fetching().all());
                });
        byLabelNow(
                "num_requests_kv_fetch_by_stage",
                "Number of waiting requests by the stage in which the fetch of their pages is.",
                "stage",
                (now, sink) -> {
                    sink.accept("waiting_to_start", now.fetching().toStart());
                    sink.accept("in_progress", now.fetching().inProgress());
                    sink.accept("completed_waiting", now.fetching().done());
                });
    }

    private void byLabelNow(
            String name, String help, String label, BiConsumer<Gauges, ObjLongConsumer<String>> values) {
        GaugeWithCallback.builder()
                .name(MetricNames.PREFIX + name)
                .help(help)
                .labelNames("model_name", "engine", label)
                .callback(sink -> values.accept(
                        engine.statistics().now(), (value, count) -> sink.call((double) count, model, "0", value)))
                .register(registry);
    }

    /// What is asked of other workers, and what comes.
    private void external() {
        external(
                "external_prefix_cache_queries",
                "External prefix cache queries, in terms of number of queried tokens.",
                Handovers::wantedPages);
        external(
                "external_prefix_cache_hits",
                "External prefix cache hits, in terms of number of cached tokens.",
                Handovers::importedPages);
    }

    private void external(String name, String help, ToLongFunction<Handovers> pages) {
        CounterWithCallback.builder()
                .name(MetricNames.PREFIX + name)
                .help(help)
                .labelNames(WorkerMetrics.LABELS)
                .callback(sink -> {
                    EngineStatistics statistics = engine.statistics();
                    long tokens = pages.applyAsLong(statistics.handovers())
                            * statistics.now().pageTokens();
                    sink.call((double) tokens, model, "0");
                })
                .register(registry);
    }

    /// Values are spelled as Python spells them: vLLM's readers compare text.
    private void cacheConfiguration(Gauges cache) {
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
                        model,
                        "0",
                        Integer.toString(cache.pageTokens()),
                        Integer.toString(cache.pages()),
                        Long.toString((long) cache.pages() * cache.pageTokens()),
                        cache.prefixCaching() ? "True" : "False");
    }
}
