package io.llmserve.app;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.gateway.ApiKey;
import io.llmserve.gateway.GatewayOptions;
import io.llmserve.gateway.GatewayServer;
import io.llmserve.gateway.WorkerSource;
import io.llmserve.manifest.Spec;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;

/// The whole system on this machine: workers, and the gateway in front of them in this process. Owned by one thread.
final class LocalStack implements AutoCloseable {
    private static final Duration JOINING = Duration.ofMinutes(1);
    private static final long LOOK_NANOS = 10_000_000;

    private final Owned parts = new Owned();
    private final Fleet fleet;
    private final GatewayServer gateway;

    /// Starts everything, or nothing: what was started before a failure is closed again.
    LocalStack(Spec spec, List<ApiKey> keys, ProgressLine progress) {
        try {
            fleet = parts.own(Fleet.start(spec, progress));
            PrometheusRegistry metrics = new PrometheusRegistry();
            metrics.register(fleet.metrics());
            GatewayOptions options =
                    Settings.gateway(spec, keys, Version.number()).with(fleet.discovery());
            List<WorkerSource> sources = new ArrayList<>(fleet.sources());
            sources.addAll(Settings.listedWorkers(spec.routing()));
            gateway = parts.own(new GatewayServer(options, sources, metrics, Clock.SYSTEM));
            gateway.start();
            awaitWorkers();
        } catch (RuntimeException | Error failure) {
            parts.closeAfter(failure);
            throw failure;
        }
    }

    /// A busy machine may answer the gateway's first probe too late, and workers that register do so only now.
    private void awaitWorkers() {
        long deadline = Clock.SYSTEM.nanos() + JOINING.toNanos();
        while (gateway.workersUp() < fleet.size()) {
            if (Clock.SYSTEM.nanos() - deadline > 0) {
                throw new ServeException(
                        Failure.UNAVAILABLE,
                        "%d of %d workers are known to the gateway after %s"
                                .formatted(gateway.workersUp(), fleet.size(), Amounts.seconds(JOINING.toNanos())));
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    GatewayServer.ServedModel model() {
        return gateway.models().getFirst();
    }

    /// Whether the model has a chat template.
    boolean chats() {
        return fleet.chats();
    }

    /// What runs behind the gateway.
    String workers() {
        return fleet.words();
    }

    Optional<Path> modelFiles() {
        return fleet.modelFiles();
    }

    OptionalLong firstTokenNanos() {
        return fleet.firstTokenNanos();
    }

    int port() {
        return gateway.port();
    }

    int metricsPort() {
        return gateway.metricsPort();
    }

    int openRequests() {
        return gateway.openRequests();
    }

    /// Takes no new requests and lets the running ones end, until the deadline or an interrupt. Returns how many it
    /// cut.
    int drain(Duration deadline) {
        return gateway.drain(deadline);
    }

    @Override
    public void close() {
        parts.close();
    }
}
