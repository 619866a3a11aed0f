package io.llmserve.gateway;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.gateway.GatewayOptions.Health;
import io.llmserve.wire.RequestPeek;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The workers, what is known of them, and how many requests each has from us. Any thread may call; every call
/// is short.
final class WorkerPool {
    private final Map<WorkerEndpoint, Worker> workers = new LinkedHashMap<>();
    private final Picker picker;
    private final Clock clock;

    WorkerPool(Collection<WorkerEndpoint> endpoints, Health options, Picker picker, Clock clock) {
        endpoints.forEach(endpoint -> workers.put(endpoint, new Worker(options)));
        this.picker = picker;
        this.clock = clock;
    }

    Set<WorkerEndpoint> endpoints() {
        return workers.keySet();
    }

    /// Chooses a worker outside `tried` and counts the request as its own until [#release]. UNAVAILABLE where
    /// all that have the model are out or tried.
    synchronized Decision pick(RequestPeek peek, Set<WorkerEndpoint> tried) {
        String model = peek.model().orElse("");
        List<EndpointState> candidates = new ArrayList<>(workers.size());
        workers.forEach((endpoint, worker) -> {
            if (worker.health.up() && worker.serves(model) && !tried.contains(endpoint)) {
                candidates.add(new EndpointState(endpoint, worker.inFlight));
            }
        });
        if (candidates.isEmpty()) {
            return new Decision.Reject(new ServeException(Failure.UNAVAILABLE, whyNone(model, tried)));
        }
        Decision decision = picker.pick(peek, candidates);
        if (decision instanceof Decision.Serve(WorkerEndpoint chosen)) {
            worker(chosen).inFlight++;
        }
        return decision;
    }

    synchronized void release(WorkerEndpoint endpoint) {
        worker(endpoint).inFlight--;
    }

    synchronized void requestSucceeded(WorkerEndpoint endpoint) {
        worker(endpoint).health.requestSucceeded();
    }

    synchronized void requestFailed(WorkerEndpoint endpoint, UpstreamFailure failure, String why) {
        worker(endpoint).health.requestFailed(why, failure == UpstreamFailure.CONNECT, clock.nanos());
    }

    /// The worker answered its health check. Models are those of its last answer to `/v1/models`.
    synchronized void probeSucceeded(WorkerEndpoint endpoint) {
        worker(endpoint).health.probeSucceeded(clock.nanos());
    }

    synchronized void probeFailed(WorkerEndpoint endpoint, String why) {
        worker(endpoint).health.probeFailed(why);
    }

    /// @param models the objects of `/v1/models` by their id
    synchronized void hasModels(WorkerEndpoint endpoint, Map<String, JsonObject> models) {
        worker(endpoint).models = Map.copyOf(models);
    }

    /// Every model of every worker, also of those that are out, as they may come back; sorted by id.
    synchronized List<JsonObject> models() {
        Map<String, JsonObject> merged = new java.util.TreeMap<>();
        workers.values().forEach(worker -> worker.models.forEach(merged::putIfAbsent));
        return List.copyOf(merged.values());
    }

    synchronized boolean knows(String model) {
        for (Worker worker : workers.values()) {
            if (worker.models.containsKey(model)) {
                return true;
            }
        }
        return false;
    }

    synchronized boolean isUp(WorkerEndpoint endpoint) {
        return worker(endpoint).health.up();
    }

    synchronized int upCount() {
        int count = 0;
        for (Worker worker : workers.values()) {
            count += worker.health.up() ? 1 : 0;
        }
        return count;
    }

    synchronized int inFlight(WorkerEndpoint endpoint) {
        return worker(endpoint).inFlight;
    }

    /// Why the gateway is not ready: each worker that is out, with its reason.
    synchronized String whyNotReady() {
        return whyNone("", Set.of());
    }

    /// NOT_FOUND where the workers' models are known and this is none of them. The empty name is any model.
    synchronized void requireModel(String model) {
        if (model.isEmpty() || knows(model)) {
            return;
        }
        List<JsonObject> models = models();
        if (models.isEmpty()) {
            return;
        }
        String names = String.join(
                ", ", models.stream().map(each -> each.getString("id")).toList());
        throw new ServeException(
                        Failure.NOT_FOUND,
                        "The model `%s` does not exist; there are: %s".formatted(abbreviated(model), names))
                .at("model");
    }

    /// The model of this name as its worker lists it, or NOT_FOUND.
    synchronized JsonObject model(String id) {
        requireModel(id);
        return models().stream()
                .filter(each -> id.equals(each.getString("id")))
                .findFirst()
                .orElseThrow(() -> new ServeException(
                        Failure.NOT_FOUND,
                        "The model `%s` is not known: no worker has listed its models yet".formatted(abbreviated(id))));
    }

    private String whyNone(String model, Set<WorkerEndpoint> tried) {
        List<String> reasons = new ArrayList<>();
        int able = 0;
        for (Map.Entry<WorkerEndpoint, Worker> entry : workers.entrySet()) {
            Worker worker = entry.getValue();
            if (!model.isEmpty() && !worker.models.isEmpty() && !worker.serves(model)) {
                continue;
            }
            able++;
            if (tried.contains(entry.getKey())) {
                reasons.add(entry.getKey() + " failed this request");
            } else if (!worker.health.up()) {
                reasons.add(entry.getKey() + ": " + worker.health.reason());
            }
        }
        String subject = model.isEmpty() ? "workers" : "workers with model " + abbreviated(model);
        return "0 of %d %s are available (%s)".formatted(able, subject, String.join("; ", reasons));
    }

    private static String abbreviated(String model) {
        return model.length() <= 100 ? model : model.substring(0, 100) + "...";
    }

    private Worker worker(WorkerEndpoint endpoint) {
        Worker worker = workers.get(endpoint);
        if (worker == null) {
            throw new IllegalArgumentException("no such worker: " + endpoint);
        }
        return worker;
    }

    private static final class Worker {
        final WorkerHealth health;
        Map<String, JsonObject> models = Map.of();
        int inFlight;

        Worker(Health options) {
            health = new WorkerHealth(options);
        }

        boolean serves(String model) {
            return model.isEmpty() || models.containsKey(model);
        }
    }
}
