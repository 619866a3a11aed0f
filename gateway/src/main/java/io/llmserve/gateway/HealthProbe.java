package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.gateway.GatewayOptions.Health;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks every worker at intervals, with jitter, whether it is well and which models it has. Runs on an event
/// loop of its own; it has started when every worker known then has been asked once. Looks now and then for
/// workers that have come since.
final class HealthProbe extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(HealthProbe.class);
    private static final double JITTER = 0.1;
    private static final long NEWCOMERS_MILLIS = 50;

    private final WorkerPool pool;
    private final Health options;
    private final RandomGenerator random;
    private @Nullable HttpClientAgent client;
    private final Set<HostPort> watched = new HashSet<>();
    private boolean stopped;

    HealthProbe(WorkerPool pool, Health options, RandomGenerator random) {
        this.pool = pool;
        this.options = options;
        this.random = random;
    }

    @Override
    public Future<?> start() {
        client = vertx.createHttpClient(new HttpClientOptions()
                .setConnectTimeout((int) options.timeout().toMillis()));
        vertx.setPeriodic(NEWCOMERS_MILLIS, timer -> watchNewcomers());
        return watchNewcomers();
    }

    private Future<?> watchNewcomers() {
        return Future.join(
                pool.endpoints().stream().filter(watched::add).map(this::probe).toList());
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        return Future.succeededFuture();
    }

    /// Never fails; plans the next probe of the worker.
    private Future<Void> probe(HostPort worker) {
        boolean wasUp = pool.isUp(worker);
        return get(worker, "/health")
                .compose(healthy -> get(worker, "/v1/models"))
                .map(HealthProbe::modelsOf)
                .onSuccess(models -> {
                    pool.hasModels(worker, models);
                    pool.probeSucceeded(worker);
                })
                .onFailure(cause -> pool.probeFailed(worker, reason(cause)))
                .onComplete(result -> {
                    boolean up = pool.isUp(worker);
                    if (up != wasUp) {
                        LOG.info("worker {} is {}", worker, up ? "up" : "out: " + reason(result.cause()));
                    }
                    vertx.setTimer(nextMillis(), timer -> probeAgain(worker));
                })
                .<Void>mapEmpty()
                .otherwiseEmpty();
    }

    private void probeAgain(HostPort worker) {
        if (!stopped && pool.has(worker)) {
            probe(worker);
        } else {
            watched.remove(worker);
        }
    }

    private Future<Buffer> get(HostPort worker, String path) {
        if (client == null) {
            throw new IllegalStateException("not started");
        }
        return client.request(new RequestOptions()
                        .setMethod(HttpMethod.GET)
                        .setHost(worker.host())
                        .setPort(worker.port())
                        .setURI(path)
                        .setIdleTimeout(options.timeout().toMillis()))
                .compose(request -> request.send().compose(response -> bodyOf(response, path)))
                .timeout(options.timeout().toMillis(), TimeUnit.MILLISECONDS);
    }

    private static Future<Buffer> bodyOf(HttpClientResponse response, String path) {
        return response.statusCode() == 200
                ? response.body()
                : response.body().compose(body -> Future.failedFuture(path + " answered " + response.statusCode()));
    }

    private static Map<String, JsonObject> modelsOf(Buffer body) {
        try {
            JsonArray data = new JsonObject(body).getJsonArray("data", new JsonArray());
            Map<String, JsonObject> models = new HashMap<>();
            for (int i = 0; i < data.size(); i++) {
                JsonObject model = data.getJsonObject(i);
                models.put(model.getString("id", ""), model);
            }
            models.remove("");
            return models;
        } catch (DecodeException | ClassCastException notTheContract) {
            throw new IllegalStateException("/v1/models did not answer a list of models", notTheContract);
        }
    }

    private long nextMillis() {
        double factor = 1 + JITTER * (2 * random.nextDouble() - 1);
        return Math.max(1, Math.round(options.interval().toMillis() * factor));
    }

    private static String reason(@Nullable Throwable cause) {
        if (cause == null) {
            return "requests failed";
        }
        String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : message;
    }
}
