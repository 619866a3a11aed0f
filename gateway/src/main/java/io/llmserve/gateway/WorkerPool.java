package io.llmserve.gateway;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import io.llmserve.gateway.GatewayOptions.Health;
import io.llmserve.routing.Costs;
import io.llmserve.routing.Decision;
import io.llmserve.routing.Endpoint;
import io.llmserve.routing.PromptChunks;
import io.llmserve.routing.Router;
import io.llmserve.wire.WorkerAnnouncement;
import io.llmserve.wire.WorkerAnnouncement.Engine;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// The workers, what is known of them, and how many requests each has from us. They come and go. Any thread may
/// call; every call is short.
final class WorkerPool {
    private final Map<HostPort, KnownWorker> workers = new LinkedHashMap<>();
    private final Health options;
    private final Router router;
    private final Clock clock;
    /// Read without the lock on every request: whether there is anything to split, or to go on at.
    private volatile boolean parts;
    private volatile boolean goesOn;
    private volatile boolean resumes;

    WorkerPool(Health options, Router router, Clock clock) {
        this.options = options;
        this.router = router;
        this.clock = clock;
    }

    /// A worker of a list or of DNS.
    void add(HostPort address, WorkerRole role) {
        join(new KnownWorker(address, role, Optional.empty(), options));
    }

    /// A worker that registered itself. What it said before is replaced; what is known of its health stays while
    /// it is the same process.
    synchronized void add(WorkerAnnouncement announced) {
        KnownWorker known = workers.get(announced.httpAddress());
        boolean same = known != null && known.announcement.equals(Optional.of(announced));
        if (!same) {
            join(new KnownWorker(announced.httpAddress(), announced.role(), Optional.of(announced), options));
        }
    }

    private synchronized void join(KnownWorker worker) {
        remove(worker.address);
        workers.put(worker.address, worker);
        lookAround();
    }

    /// Gets no more requests; those that it has go on.
    synchronized void remove(HostPort address) {
        KnownWorker left = workers.remove(address);
        if (left != null) {
            left.leave();
            router.forget(address);
            lookAround();
        }
    }

    private void lookAround() {
        parts = workers.values().stream().anyMatch(worker -> worker.role == WorkerRole.PREFILL);
        long embedded = count(Engine.EMBEDDED);
        resumes = embedded > 1;
        goesOn = embedded + count(Engine.VLLM) > 1;
    }

    private long count(Engine engine) {
        return workers.values().stream()
                .filter(worker -> worker.engine().equals(Optional.of(engine)))
                .count();
    }

    /// Whether a request may be split at all.
    boolean parts() {
        return parts;
    }

    /// Whether a stream could go on at another worker.
    boolean goesOn() {
        return goesOn;
    }

    /// Whether it could go on with the same random numbers.
    boolean resumes() {
        return resumes;
    }

    synchronized List<HostPort> endpoints() {
        return List.copyOf(workers.keySet());
    }

    synchronized boolean has(HostPort address) {
        return workers.containsKey(address);
    }

    /// Chooses and takes the places. UNAVAILABLE where all that could are out or tried.
    synchronized Placement place(Ask ask) {
        List<Endpoint> candidates = new ArrayList<>(workers.size());
        workers.forEach((address, worker) -> {
            if (worker.health.up()
                    && worker.serves(ask.model())
                    && !ask.tried().contains(address)
                    && (ask.engine().isEmpty() || ask.engine().equals(worker.engine()))) {
                candidates.add(worker.endpoint());
            }
        });
        return switch (router.route(ask.prompt(), candidates, ask.mayPart())) {
            case Decision.Serve(HostPort address, Decision.Why why) ->
                new Placement.Whole(take(address, ask.prompt()), why);
            case Decision.Split(HostPort prefill, HostPort decode, Decision.Why why) ->
                new Placement.Parted(take(prefill, ask.prompt()), take(decode, PromptChunks.NONE), why);
            case Decision.Reject() ->
                new Placement.None(new ServeException(Failure.UNAVAILABLE, whyNone(ask.model(), ask.tried())));
        };
    }

    /// Whether there is a worker for it outside `tried`.
    synchronized boolean hasCandidate(String model, Set<HostPort> tried) {
        for (KnownWorker worker : workers.values()) {
            if (worker.health.up() && worker.serves(model) && !tried.contains(worker.address)) {
                return true;
            }
        }
        return false;
    }

    private Place take(HostPort address, PromptChunks prompt) {
        return new Place(this, worker(address), router.tokensLeft(address, prompt));
    }

    /// Where to tell what was measured.
    /// Of a request of so many bytes, by what workers have told of others.
    synchronized long tokens(int bytes) {
        return Math.round(router.costs().tokens(bytes));
    }

    synchronized void learn(Consumer<Costs> lesson) {
        lesson.accept(router.costs());
    }

    /// The worker has the pages of this prompt now.
    synchronized void seen(HostPort address, PromptChunks prompt) {
        if (workers.containsKey(address) && prompt.hashes().length > 0) {
            router.seen(address, prompt);
        }
    }

    synchronized void requestSucceeded(HostPort address) {
        ifKnown(address, worker -> worker.health.requestSucceeded());
    }

    synchronized void requestFailed(HostPort address, UpstreamFailure failure, String why) {
        ifKnown(address, worker -> worker.health.requestFailed(why, failure == UpstreamFailure.CONNECT, clock.nanos()));
    }

    /// The worker answered its health check. Models are those of its last answer to `/v1/models`.
    synchronized void probeSucceeded(HostPort address) {
        ifKnown(address, worker -> worker.health.probeSucceeded(clock.nanos()));
        notifyAll();
    }

    synchronized void probeFailed(HostPort address, String why) {
        ifKnown(address, worker -> worker.health.probeFailed(why));
    }

    /// @param models the objects of `/v1/models` by their id
    synchronized void hasModels(HostPort address, Map<String, JsonObject> models) {
        ifKnown(address, worker -> {
            worker.hasModels(models);
            lookAround();
        });
    }

    /// Every model of every worker, also of those that are out, as they may come back; sorted by id.
    synchronized List<JsonObject> models() {
        Map<String, JsonObject> merged = new TreeMap<>();
        workers.values().forEach(worker -> worker.models().forEach(merged::putIfAbsent));
        return List.copyOf(merged.values());
    }

    synchronized boolean knows(String model) {
        for (KnownWorker worker : workers.values()) {
            if (worker.models().containsKey(model)) {
                return true;
            }
        }
        return false;
    }

    synchronized boolean isUp(HostPort address) {
        KnownWorker worker = workers.get(address);
        return worker != null && worker.health.up();
    }

    /// Waits until a worker is up; false where none is within the time.
    synchronized boolean awaitUp(Duration limit) throws InterruptedException {
        long deadline = clock.nanos() + limit.toNanos();
        while (upCount() == 0) {
            long left = deadline - clock.nanos();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return true;
    }

    synchronized int upCount() {
        int count = 0;
        for (KnownWorker worker : workers.values()) {
            count += worker.health.up() ? 1 : 0;
        }
        return count;
    }

    /// Shows each worker, one after the other.
    synchronized void forEach(BiConsumer<Endpoint, Boolean> upOrNot) {
        workers.values().forEach(worker -> upOrNot.accept(worker.endpoint(), worker.health.up()));
    }

    synchronized int inFlight(HostPort address) {
        KnownWorker worker = workers.get(address);
        return worker == null ? 0 : worker.inFlight;
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

    /// Tokens of the longest prompt and answer; 0 where no worker has said it. The empty name is any model.
    synchronized int contextLength(String model) {
        return models().stream()
                .filter(each -> model.isEmpty() || model.equals(each.getString("id")))
                .map(each -> each.getInteger("max_model_len"))
                .filter(Objects::nonNull) // vLLM has null for adapters
                .findFirst()
                .orElse(0);
    }

    private String whyNone(String model, Set<HostPort> tried) {
        if (workers.isEmpty()) {
            return "no worker is known yet; workers register over ZeroMQ, or are listed";
        }
        List<String> reasons = new ArrayList<>();
        int able = 0;
        for (Map.Entry<HostPort, KnownWorker> entry : workers.entrySet()) {
            KnownWorker worker = entry.getValue();
            if (!model.isEmpty() && !worker.models().isEmpty() && !worker.serves(model)) {
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

    private KnownWorker worker(HostPort address) {
        KnownWorker worker = workers.get(address);
        if (worker == null) {
            throw new IllegalArgumentException("no such worker: " + address);
        }
        return worker;
    }

    private void ifKnown(HostPort address, Consumer<KnownWorker> action) {
        KnownWorker worker = workers.get(address);
        if (worker != null) {
            action.accept(worker);
        }
    }
}
