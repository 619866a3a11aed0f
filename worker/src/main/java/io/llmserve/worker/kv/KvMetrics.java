package io.llmserve.worker.kv;

import io.llmserve.engine.EmbeddedEngine;
import io.llmserve.engine.EngineStatistics;
import io.llmserve.transfer.TransferListener;
import io.llmserve.transfer.TransferReport;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.link.TransferFailure;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/// What transfers of pages do: latency, throughput, failures and which engine moved them; and, for dashboards made
/// for vLLM's NixlConnector, the same of received pages under its names.
final class KvMetrics implements TransferListener {
    private static final double[] SECONDS = {
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60
    };
    private static final double[] BYTES_PER_SECOND = {
        1e6, 1e7, 5e7, 1e8, 2.5e8, 5e8, 1e9, 2.5e9, 5e9, 1e10, 2.5e10, 1e11
    };
    /// vLLM's own.
    private static final double[] NIXL_SECONDS = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 5};
    private static final double[] NIXL_BYTES = {
        1 << 11, 1 << 13, 1 << 15, 1 << 17, 1 << 19, 1 << 21, 1 << 23, 1 << 25, 1 << 27, 1 << 29, 1L << 31, 1L << 33
    };
    private static final double[] NIXL_DESCRIPTORS = {
        10, 20, 30, 50, 75, 100, 200, 400, 1_000, 2_000, 4_000, 10_000, 20_000, 50_000
    };

    private final PrometheusRegistry registry;
    private final String model;
    private final Histogram seconds;
    private final Histogram throughput;
    private final Counter bytes;
    private final Counter failures;
    private final Counter chosen;
    private final Histogram nixlSeconds;
    private final Histogram nixlBytes;
    private final Histogram nixlDescriptors;
    private final Counter nixlFailures;

    KvMetrics(PrometheusRegistry registry, String model, EmbeddedEngine engine) {
        this.registry = registry;
        this.model = model;
        seconds = histogram(
                "llmserve_kv_transfer_seconds",
                "From the request for a prompt's pages to the last of them, waiting for prefill included.",
                SECONDS,
                "model_name",
                "side",
                "engine");
        throughput = histogram(
                "llmserve_kv_transfer_bytes_per_second",
                "Throughput of a received transfer while bytes moved.",
                BYTES_PER_SECOND,
                "model_name",
                "engine");
        bytes = counter("llmserve_kv_transfer_bytes", "Bytes of pages moved.", "model_name", "side", "engine");
        failures = counter("llmserve_kv_transfer_failures", "Transfers that failed.", "model_name", "side", "reason");
        chosen = counter(
                "llmserve_kv_transfer_engine_chosen",
                "Transfers by the engine that was chosen to receive them.",
                "model_name",
                "engine");
        nixlSeconds = nixl("xfer_time_seconds", "Time in which bytes of a received transfer moved.", NIXL_SECONDS);
        nixlBytes = nixl("bytes_transferred", "Bytes of a received transfer.", NIXL_BYTES);
        nixlDescriptors = nixl("num_descriptors", "Pages of a received transfer.", NIXL_DESCRIPTORS);
        nixlFailures =
                counter("vllm:nixl_num_failed_transfers", "Received transfers that failed.", "model_name", "engine");
        nixlFailures.initLabelValues(model, "0");
        handovers(engine);
    }

    private void handovers(EmbeddedEngine engine) {
        gauge(engine, "llmserve_kv_exports", "Prompts offered to other workers.", EngineStatistics.Handovers::exports);
        gauge(
                engine,
                "llmserve_kv_exported_pages_held",
                "Pages of prompts offered to other workers.",
                EngineStatistics.Handovers::heldPages);
        gauge(
                engine,
                "llmserve_kv_imports",
                "Prompts whose pages are on their way.",
                EngineStatistics.Handovers::imports);
        total(
                engine,
                "llmserve_kv_exported_pages",
                "Pages offered to other workers.",
                EngineStatistics.Handovers::exportedPages);
        total(
                engine,
                "llmserve_kv_imported_pages",
                "Pages that came from other workers.",
                EngineStatistics.Handovers::importedPages);
        total(
                engine,
                "llmserve_kv_failed_imports",
                "Prompts of which some pages did not come.",
                EngineStatistics.Handovers::failedImports);
        CounterWithCallback.builder()
                .name("vllm:nixl_num_kv_expired_reqs")
                .help("Prompts for whose pages nobody came within the lease.")
                .labelNames("model_name", "engine")
                .callback(sink ->
                        sink.call((double) engine.statistics().handovers().expiredExports(), model, "0"))
                .register(registry);
    }

    @Override
    public void engineChosen(String transferId, String peer, EngineKind engine, String reason) {
        chosen.labelValues(model, engine.wireName()).inc();
    }

    @Override
    public void completed(Side side, TransferReport report) {
        String engine = report.engine().wireName();
        double elapsed = report.elapsed().toNanos() / 1e9;
        seconds.labelValues(model, label(side), engine).observe(elapsed);
        bytes.labelValues(model, label(side), engine).inc(report.bytes());
        if (side == Side.RECEIVER) {
            throughput.labelValues(model, engine).observe(report.bytesPerSecond());
            nixlSeconds.labelValues(model, "0").observe(report.moving().toNanos() / 1e9);
            nixlBytes.labelValues(model, "0").observe((double) report.bytes());
            nixlDescriptors.labelValues(model, "0").observe(report.pages());
        }
    }

    /// That a request went away is no failure of the transfer.
    @Override
    public void failed(Side side, TransferFailure kind, String message) {
        if (kind == TransferFailure.CANCELLED) {
            return;
        }
        failures.labelValues(model, label(side), kind.label()).inc();
        if (side == Side.RECEIVER) {
            nixlFailures.labelValues(model, "0").inc();
        }
    }

    private static String label(Side side) {
        return side.name().toLowerCase(Locale.ROOT);
    }

    private Histogram nixl(String name, String help, double[] bounds) {
        return histogram("vllm:nixl_" + name, help, bounds, "model_name", "engine");
    }

    private Histogram histogram(String name, String help, double[] bounds, String... labels) {
        return Histogram.builder()
                .name(name)
                .help(help)
                .labelNames(labels)
                .classicOnly()
                .classicUpperBounds(bounds)
                .register(registry);
    }

    private Counter counter(String name, String help, String... labels) {
        return Counter.builder().name(name).help(help).labelNames(labels).register(registry);
    }

    private void gauge(
            EmbeddedEngine engine, String name, String help, ToDoubleFunction<EngineStatistics.Handovers> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("model_name")
                .callback(sink ->
                        sink.call(value.applyAsDouble(engine.statistics().handovers()), model))
                .register(registry);
    }

    private void total(
            EmbeddedEngine engine, String name, String help, ToDoubleFunction<EngineStatistics.Handovers> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("model_name")
                .callback(sink ->
                        sink.call(value.applyAsDouble(engine.statistics().handovers()), model))
                .register(registry);
    }
}
