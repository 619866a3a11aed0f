package io.llmserve.app;

import io.llmserve.gateway.GatewayOptions.Discovery;
import io.llmserve.gateway.WorkerSource;
import io.llmserve.manifest.Deployment;
import io.llmserve.manifest.Spec;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The workers that a manifest asks for, running and ready: what stands behind the gateway, whatever computes in
/// them and wherever they are. Closing it ends them all. Owned by one thread.
interface Fleet extends AutoCloseable {
    /// Starts all workers or none, and returns when they can answer. One clear sentence (CONFIGURATION, EXHAUSTED,
    /// UNAVAILABLE) where that cannot be.
    static Fleet start(Spec spec, ProgressLine progress) {
        Deployment deployment = spec.deployment();
        return switch (deployment.engine()) {
            case EMBEDDED ->
                deployment.isolate() ? new ProcessFleet(spec, progress) : new EmbeddedFleet(spec, progress);
            case VLLM -> new VllmFleet(spec, progress);
        };
    }

    /// Such as `2 prefill, 3 decode`.
    static String words(Deployment deployment) {
        return deployment.disaggregated()
                ? "%d prefill, %d decode".formatted(deployment.prefillWorkers(), deployment.decodeWorkers())
                : "%d".formatted(deployment.decodeWorkers());
    }

    int size();

    /// Those that the gateway is told of from the start.
    List<WorkerSource> sources();

    /// Where the others register.
    default Discovery discovery() {
        return Discovery.OFF;
    }

    /// The metrics of each, labelled with its address and role.
    MultiCollector metrics();

    /// What runs, for the banner, such as `2 prefill, 3 decode, in this process`.
    String words();

    /// Whether the model has a chat template.
    boolean chats();

    /// Of the model that was loaded in this process; empty where it was loaded elsewhere.
    default Optional<Path> modelFiles() {
        return Optional.empty();
    }

    /// [io.llmserve.core.Clock#nanos()] of the first token that was generated over HTTP here; empty where none was
    /// asked for.
    default OptionalLong firstTokenNanos() {
        return OptionalLong.empty();
    }

    @Override
    void close();
}
