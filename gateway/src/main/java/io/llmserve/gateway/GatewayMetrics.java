package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.routing.Decision.Why;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;

/// What the gateway counts and measures. Label values are bounded by the caller: routes are an enum, tenants
/// come from the configuration, models from the workers ([ModelLabels]). Any thread may call.
final class GatewayMetrics {
    private static final double[] TTFT_SECONDS = {
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60
    };
    private static final double[] INTER_TOKEN_SECONDS = {
        0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5
    };
    private static final double[] DURATION_SECONDS = {
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300, 600
    };
    private static final double[] WAIT_SECONDS = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30};

    private final PrometheusRegistry registry;
    private final Counter requests;
    private final Counter inferenceRequests;
    private final Counter receivedBytes;
    private final Counter sentBytes;
    private final Counter upstreamFailures;
    private final Counter upstreamRetries;
    private final Counter refusedConnections;
    private final Counter routed;
    private final Counter recovered;
    private final Counter continued;
    private final Histogram prefillHop;
    private final Histogram handover;
    private final Histogram firstToken;
    private final Histogram interToken;
    private final Histogram duration;
    private final Histogram inferenceLatency;
    private final Histogram queueWait;

    GatewayMetrics(PrometheusRegistry registry, String version) {
        this.registry = registry;
        requests = counter(
                "llmserve_requests",
                "Requests answered, by route, HTTP status (499: the client went away), tenant and model.",
                "route",
                "status",
                "tenant",
                "model");
        inferenceRequests = counter(
                "inference_requests",
                "Requests for completions answered, by model and HTTP status.",
                "model",
                "status");
        receivedBytes = counter("llmserve_received_bytes", "Bytes of request bodies read from clients.");
        sentBytes = counter("llmserve_sent_bytes", "Bytes of answers' bodies written to clients.");
        upstreamFailures = counter(
                "llmserve_upstream_failures",
                "Requests that a worker let down, by worker and reason; a retry may have healed them.",
                "worker",
                "reason");
        upstreamRetries = counter("llmserve_upstream_retries", "Requests sent a second time because a worker failed.");
        refusedConnections =
                counter("llmserve_refused_connections", "Connections refused because too many were open already.");
        routed = counter(
                "llmserve_routing_decisions",
                "Where requests were sent (serve: to one worker, split: to prefill and decode), and why.",
                "decision",
                "reason");
        recovered = counter(
                "llmserve_hop_recoveries",
                "Requests of two hops where one failed (prefill, transfer) and the prompt was computed elsewhere.",
                "hop");
        continued = counter(
                "llmserve_continued_streams",
                "Streams that lost their worker, by what became of them: elsewhere, complete, nowhere.",
                "how");
        prefillHop =
                histogram("llmserve_prefill_hop_seconds", "From a prompt sent to prefill to its answer.", TTFT_SECONDS);
        handover = histogram(
                "llmserve_handover_seconds",
                "From the end of prefill to the first bytes of decode: transfer, queue and one step.",
                TTFT_SECONDS);
        firstToken = histogram(
                "llmserve_time_to_first_token_seconds",
                "From a streamed request's head to the first byte of its answer.",
                TTFT_SECONDS,
                "model");
        interToken = histogram(
                "llmserve_inter_token_latency_seconds",
                "Between two chunks of a streamed answer; a chunk mostly carries one token.",
                INTER_TOKEN_SECONDS,
                "model");
        duration = histogram(
                "llmserve_request_duration_seconds",
                "From a request's head to the end of its answer.",
                DURATION_SECONDS,
                "route",
                "model");
        inferenceLatency = histogram(
                "inference_latency_seconds",
                "From the head of a request for a completion to the end of its answer.",
                DURATION_SECONDS,
                "model");
        queueWait = histogram(
                "llmserve_queue_wait_seconds", "From a request's last byte to its place at the workers.", WAIT_SECONDS);
        Gauge build = Gauge.builder()
                .name("llmserve_build_info")
                .help("Always 1; the labels say what is running.")
                .labelNames("version", "java")
                .register(registry);
        build.labelValues(version, Runtime.version().toString()).set(1);
    }

    /// A gauge that is read when somebody looks.
    void gauge(String name, String help, DoubleSupplier value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.getAsDouble()))
                .register(registry);
    }

    /// One series per worker.
    void workerGauge(String name, String help, Consumer<GaugeWithCallback.Callback> values) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("worker", "role")
                .callback(values)
                .register(registry);
    }

    void answered(Route route, int status, String tenant, String model, double seconds) {
        answered(route.path(), status, tenant, model);
        duration.labelValues(route.path(), model).observe(seconds);
        if (route == Route.CHAT_COMPLETIONS || route == Route.COMPLETIONS) {
            inferenceRequests.labelValues(model, Integer.toString(status)).inc();
            inferenceLatency.labelValues(model).observe(seconds);
        }
    }

    /// A request that matched no route, or that was refused before its model was known.
    void answered(String route, int status, String tenant, String model) {
        requests.labelValues(route, Integer.toString(status), tenant, model).inc();
    }

    void bytes(long received, long sent) {
        receivedBytes.inc(received);
        sentBytes.inc(sent);
    }

    void upstreamFailed(HostPort worker, UpstreamFailure reason) {
        upstreamFailures.labelValues(worker.toString(), reason.label()).inc();
    }

    void retried() {
        upstreamRetries.inc();
    }

    /// Where a request was sent, and why there.
    void routed(String decision, Why why) {
        routed.labelValues(decision, why.label()).inc();
    }

    /// The first of two hops has ended well.
    void prefilled(double seconds) {
        prefillHop.observe(seconds);
    }

    /// From the end of prefill to the first bytes of decode.
    void handedOver(double seconds) {
        handover.observe(seconds);
    }

    /// What a hop did not deliver was had in another way.
    void recovered(String hop) {
        recovered.labelValues(hop).inc();
    }

    /// A stream lost its worker.
    void continued(String how) {
        continued.labelValues(how).inc();
    }

    void connectionRefused() {
        refusedConnections.inc();
    }

    void waited(double seconds) {
        queueWait.observe(seconds);
    }

    DistributionDataPoint firstToken(String model) {
        return firstToken.labelValues(model);
    }

    DistributionDataPoint interToken(String model) {
        return interToken.labelValues(model);
    }

    private Counter counter(String name, String help, String... labels) {
        return Counter.builder().name(name).help(help).labelNames(labels).register(registry);
    }

    private Histogram histogram(String name, String help, double[] bounds, String... labels) {
        return Histogram.builder()
                .name(name)
                .help(help)
                .unit(Unit.SECONDS)
                .classicOnly()
                .classicUpperBounds(bounds)
                .labelNames(labels)
                .register(registry);
    }
}
