package io.llmserve.app;

import io.llmserve.core.Clock;
import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.engine.EmbeddedEngine;
import io.llmserve.engine.EngineFactory;
import io.llmserve.engine.EngineOptions;
import io.llmserve.engine.KvMemory;
import io.llmserve.models.ModelDescription;
import io.llmserve.tensor.KvLayout;
import io.llmserve.wire.WorkerAnnouncement;
import io.llmserve.worker.Language;
import io.llmserve.worker.ServedModel;
import io.llmserve.worker.WorkerOptions;
import io.llmserve.worker.WorkerServer;
import io.llmserve.worker.kv.KvExchange;
import io.llmserve.worker.kv.KvOptions;
import io.llmserve.worker.kv.Registration;
import io.llmserve.worker.kv.SharedKvMemory;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// One embedded worker with its role, put together by hand: engine -> exchange of pages -> HTTP server -> gateways
/// that know it. Several may share a model. Owned by one thread.
final class EmbeddedWorker implements AutoCloseable {
    private final Setup setup;
    private final Owned parts = new Owned();
    private final List<Registration> registrations = new ArrayList<>();
    private final String id = UUID.randomUUID().toString();
    private final EmbeddedEngine engine;
    private final ServedModel model;
    private final Optional<KvExchange> kv;
    private final WorkerServer server;

    /// @param http where its server listens
    /// @param advertisedHost how gateways reach that
    /// @param kv how it exchanges pages with other workers; empty where it does not
    /// @param gateways where it registers, e.g. `tcp://10.0.0.1:30001`
    /// @param metrics its own: names would clash with those of another worker
    record Setup(
            WorkerRole role,
            EngineOptions engine,
            WorkerOptions http,
            String advertisedHost,
            Optional<KvOptions> kv,
            List<String> gateways,
            PrometheusRegistry metrics) {
        Setup {
            gateways = List.copyOf(gateways);
        }
    }

    /// Starts everything, or nothing: what was started before a failure is closed again.
    ///
    /// @param warmUp how long the kernels may be rehearsed before requests are taken
    EmbeddedWorker(
            EngineFactory factory,
            ModelDescription description,
            List<String> names,
            Language language,
            Setup setup,
            Duration warmUp) {
        this.setup = setup;
        try {
            Optional<SharedKvMemory> memory = setup.kv().map(options -> new SharedKvMemory());
            engine = parts.own(factory.start(
                    setup.engine(),
                    Clock.SYSTEM,
                    memory.<KvMemory>map(shared -> shared).orElseGet(KvMemory::ofProcess)));
            model = ServedModel.of(names, description, engine.contextLength(), language);
            kv = setup.kv()
                    .map(options -> parts.own(new KvExchange(
                            engine,
                            memory.orElseThrow(),
                            description.fingerprint(),
                            options,
                            setup.metrics(),
                            model.name())));
            if (warmUp.isPositive()) {
                engine.warmUp(warmUp);
            }
            server = parts.own(new WorkerServer(engine, model, setup.metrics(), setup.http(), kv.orElse(null)));
            server.start();
            setup.gateways().forEach(gateway -> registrations.add(Registration.begin(gateway, announcement())));
        } catch (RuntimeException | Error failure) {
            leave();
            parts.closeAfter(failure);
            throw failure;
        }
    }

    EmbeddedEngine engine() {
        return engine;
    }

    ServedModel model() {
        return model;
    }

    HostPort httpAddress() {
        return new HostPort(setup.advertisedHost(), server.port());
    }

    Optional<HostPort> kvAddress() {
        return kv.map(KvExchange::address);
    }

    /// What it says of itself to gateways.
    WorkerAnnouncement announcement() {
        return new WorkerAnnouncement(
                id,
                setup.role(),
                httpAddress(),
                kvAddress(),
                WorkerAnnouncement.Engine.EMBEDDED,
                kv.map(KvExchange::engineId).orElse(""),
                model.name(),
                List.of(),
                new WorkerAnnouncement.Limits(
                        KvLayout.PAGE_POSITIONS,
                        engine.contextLength(),
                        setup.engine().batching().maxSequences()),
                kv.isPresent(),
                setup.http().version());
    }

    /// Says that it leaves, takes no new requests, and lets the running ones end and others fetch their pages until
    /// the deadline.
    void drain(Duration deadline) throws InterruptedException {
        leave();
        server.drain(deadline);
    }

    @Override
    public void close() {
        leave();
        parts.close();
    }

    private void leave() {
        registrations.forEach(Registration::close);
        registrations.clear();
    }
}
