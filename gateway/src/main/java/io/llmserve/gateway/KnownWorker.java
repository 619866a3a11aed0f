package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.gateway.GatewayOptions.Health;
import io.llmserve.routing.Endpoint;
import io.llmserve.wire.WorkerAnnouncement;
import io.llmserve.wire.WorkerAnnouncement.Engine;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Optional;

/// What the gateway knows of one worker. Mutable parts belong to the pool's lock, except where said.
final class KnownWorker {
    final HostPort address;
    final WorkerRole role;
    /// Empty for workers of a list or of DNS, which say nothing of themselves.
    final Optional<WorkerAnnouncement> announcement;
    final WorkerHealth health;
    int inFlight;
    double prefillingTokens;
    private Map<String, JsonObject> models = Map.of();
    private Optional<Engine> engine;
    private String pageKind;
    /// Read by any thread.
    private volatile boolean gone;

    KnownWorker(HostPort address, WorkerRole role, Optional<WorkerAnnouncement> announcement, Health options) {
        this.address = address;
        this.role = role;
        this.announcement = announcement;
        health = new WorkerHealth(options);
        engine = announcement.map(WorkerAnnouncement::engine);
        pageKind = pageKindOf();
    }

    /// The models of `/v1/models` by their id. Who owns them tells which engine it is where nobody announced it.
    void hasModels(Map<String, JsonObject> listed) {
        models = Map.copyOf(listed);
        if (announcement.isEmpty()) {
            engine =
                    models.values().stream().findFirst().flatMap(model -> ownerEngine(model.getString("owned_by", "")));
            pageKind = pageKindOf();
        }
    }

    Map<String, JsonObject> models() {
        return models;
    }

    boolean serves(String model) {
        return model.isEmpty() || models.containsKey(model);
    }

    void leave() {
        gone = true;
    }

    /// It left the fleet, or fell silent.
    boolean isGone() {
        return gone;
    }

    /// As announced, or as its list of models has it; empty where neither says.
    Optional<Engine> engine() {
        return engine;
    }

    private static Optional<Engine> ownerEngine(String owner) {
        return switch (owner) {
            case "llmserve" -> Optional.of(Engine.EMBEDDED);
            case "vllm" -> Optional.of(Engine.VLLM);
            default -> Optional.empty();
        };
    }

    /// Pages may be fetched from it while it still computes, under the id of the request.
    boolean streamsPages() {
        return announcement.map(WorkerAnnouncement::kvStreaming).orElse(false);
    }

    Endpoint endpoint() {
        return new Endpoint(address, role, inFlight, prefillingTokens, pageKind);
    }

    /// A worker with one role transfers pages, or what would it be there for; one with both only if it says so.
    private String pageKindOf() {
        boolean transfers = role != WorkerRole.BOTH
                || announcement.flatMap(WorkerAnnouncement::kvAddress).isPresent();
        return transfers ? engine.map(Engine::wireName).orElse("unknown") : "";
    }
}
