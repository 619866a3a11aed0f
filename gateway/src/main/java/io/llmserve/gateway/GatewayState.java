package io.llmserve.gateway;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.gateway.GatewayOptions.Limits;
import io.llmserve.wire.RequestPeek;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// What all event loops of one gateway share: the workers, the line in front of them, and the counts that the
/// limits are about. Any thread may call.
final class GatewayState {
    private static final int MAX_MODEL_LABELS = 64;

    final GatewayOptions options;
    final Clock clock;
    final WorkerPool pool;
    final KeyRing keys;
    final GatewayMetrics metrics;
    private final ModelLabels modelLabels;
    final FairLine line;

    private final AtomicInteger connections = new AtomicInteger();
    private final OpenExchanges exchanges = new OpenExchanges();
    private final AtomicInteger streams = new AtomicInteger();
    private final AtomicLong bufferedBytes = new AtomicLong();
    private volatile boolean draining;
    private volatile boolean cutting;

    GatewayState(GatewayOptions options, Clock clock, WorkerPool pool, KeyRing keys, GatewayMetrics metrics) {
        this.options = options;
        this.clock = clock;
        this.pool = pool;
        this.keys = keys;
        this.metrics = metrics;
        modelLabels = new ModelLabels(pool::knows, MAX_MODEL_LABELS);
        line = new FairLine(
                clock,
                options.limits().maxInFlight(),
                options.limits().maxQueued(),
                options.timeouts().queue());
        registerGauges();
    }

    void startDraining() {
        draining = true;
    }

    boolean draining() {
        return draining;
    }

    /// From now on nobody gets a place, as every exchange is about to be ended.
    void startCutting() {
        cutting = true;
    }

    boolean cutting() {
        return cutting;
    }

    /// Why no traffic should come here; empty when it may.
    Optional<String> whyNotReady() {
        if (draining) {
            return Optional.of("the gateway is shutting down");
        }
        return pool.upCount() > 0 ? Optional.empty() : Optional.of(pool.whyNotReady());
    }

    int connectionOpened() {
        return connections.incrementAndGet();
    }

    void connectionClosed() {
        connections.decrementAndGet();
    }

    int connections() {
        return connections.get();
    }

    void exchangeBegan() {
        exchanges.began();
    }

    void exchangeEnded() {
        exchanges.ended();
    }

    int openExchanges() {
        return exchanges.open();
    }

    /// Waits until every request is answered, at most as long as `timeout`.
    void awaitNoExchange(Duration timeout) throws InterruptedException {
        exchanges.awaitNone(timeout);
    }

    /// Counts one more stream, or throws OVERLOADED.
    void openStream() {
        int max = options.limits().maxStreams();
        if (streams.incrementAndGet() > max) {
            streams.decrementAndGet();
            throw overloaded("%d of %d streams are open".formatted(max, max));
        }
    }

    void closeStream() {
        streams.decrementAndGet();
    }

    /// Counts bytes of a body that is kept, or throws OVERLOADED.
    void keepBytes(int bytes) {
        Limits limits = options.limits();
        long kept = bufferedBytes.addAndGet(bytes);
        if (kept > limits.maxBufferedBytes()) {
            bufferedBytes.addAndGet(-bytes);
            throw overloaded("%d of %d bytes for request bodies are in use, this one needs %d more"
                    .formatted(kept - bytes, limits.maxBufferedBytes(), bytes));
        }
    }

    void releaseBytes(long bytes) {
        bufferedBytes.addAndGet(-bytes);
    }

    long bufferedBytes() {
        return bufferedBytes.get();
    }

    int streams() {
        return streams.get();
    }

    /// The metric label of the model that answers a request: the one that it names, or the one that there is.
    String modelLabel(RequestPeek peek) {
        return peek.model().or(this::onlyModel).map(modelLabels::of).orElse(ModelLabels.UNKNOWN);
    }

    /// Empty where workers have several models, or have listed none yet.
    private Optional<String> onlyModel() {
        List<JsonObject> models = pool.models();
        return models.size() == 1 ? Optional.of(models.getFirst().getString("id")) : Optional.empty();
    }

    static ServeException shuttingDown() {
        return new ServeException(Failure.UNAVAILABLE, "the gateway is shutting down");
    }

    private static ServeException overloaded(String message) {
        return ServeException.overloaded(message, Duration.ofSeconds(1));
    }

    private void registerGauges() {
        metrics.gauge(
                "llmserve_queue_depth",
                "Requests that wait for a place at the workers.",
                () -> line.snapshot().waiting());
        metrics.gauge(
                "llmserve_requests_in_flight",
                "Requests that have a place at the workers.",
                () -> line.snapshot().running());
        metrics.gauge(
                "llmserve_fair_share_gap",
                "How far the counters of waiting tenants are apart, in work.",
                () -> line.snapshot().gap());
        metrics.gauge(
                "llmserve_fair_share_bound",
                "What llmserve_fair_share_gap can not exceed.",
                () -> line.snapshot().bound());
        metrics.gauge("llmserve_open_streams", "Streamed answers open, waiting ones included.", streams::get);
        metrics.gauge("llmserve_open_connections", "Client connections open.", connections::get);
        metrics.gauge("llmserve_buffered_bytes", "Bytes of request bodies kept in memory.", bufferedBytes::get);
        metrics.workerGauge("llmserve_worker_up", "1 if the worker gets requests, else 0.", series -> {
            pool.forEach((worker, up) -> series.call(
                    up ? 1 : 0, worker.address().toString(), worker.role().wireName()));
        });
        metrics.workerGauge("llmserve_worker_requests_in_flight", "Requests of this gateway at the worker.", series -> {
            pool.forEach((worker, up) -> series.call(
                    worker.inFlight(),
                    worker.address().toString(),
                    worker.role().wireName()));
        });
    }
}
