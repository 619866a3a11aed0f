package io.llmserve.app;

import io.llmserve.control.PlannedWorker;
import io.llmserve.control.Ports;
import io.llmserve.control.Supervisor;
import io.llmserve.core.WorkerRole;
import io.llmserve.gateway.GatewayOptions.Discovery;
import io.llmserve.gateway.WorkerSource;
import io.llmserve.manifest.Spec;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelReader;
import io.llmserve.models.TensorSource;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// Workers with the embedded engine, each in a process of its own, which is `llmserve worker`. They register with the
/// gateway by themselves; one that falls or hangs is started again.
final class ProcessFleet implements Fleet {
    /// Loading a large model from a slow disk takes minutes.
    private static final Duration START = Duration.ofMinutes(15);
    /// A worker answers its health check while it computes; this long it is silent only when it hangs.
    private static final Duration HUNG = Duration.ofSeconds(20);

    private final Spec spec;
    private final Owned parts = new Owned();
    private final Discovery discovery;
    private final boolean chats;
    private final LaunchedWorkers workers;

    /// Starts all, or none. What the workers need is fetched once, before.
    ProcessFleet(Spec spec, ProgressLine progress) {
        this.spec = spec;
        try {
            Settings.requireKvMemory(spec);
            Path files = ModelInMemory.pull(spec, progress);
            ModelDescription description = ModelReader.open(files);
            try (TensorSource _ = description.tensors()) {
                chats = description.chatTemplate().isPresent();
            }
            List<WorkerRole> roles = spec.deployment().roles();
            Ports ports = LaunchedWorkers.ports(spec);
            discovery = Discovery.at(WorkerLaunch.LOOPBACK, ports.prefer(Discovery.USUAL_PORT));
            progress.begin("Starting %d workers".formatted(roles.size()));
            List<PlannedWorker> planned = new WorkerLaunch(spec, ports, discovery.port()).all();
            workers = parts.own(new LaunchedWorkers(planned, options()));
            workers.awaitReady(progress);
            progress.finish();
        } catch (RuntimeException | Error failure) {
            progress.abandon();
            parts.closeAfter(failure);
            throw failure;
        }
    }

    private static Supervisor.Options options() {
        Supervisor.Options standard = Supervisor.Options.standard(START);
        return new Supervisor.Options(START, HUNG, standard.stopGrace(), standard.backoff());
    }

    @Override
    public int size() {
        return workers.size();
    }

    /// None from the start: they register.
    @Override
    public List<WorkerSource> sources() {
        return List.of();
    }

    @Override
    public Discovery discovery() {
        return discovery;
    }

    @Override
    public MultiCollector metrics() {
        return workers.metrics();
    }

    @Override
    public String words() {
        return "%s, each in a process of its own, registered at tcp://%s:%d"
                .formatted(Fleet.words(spec.deployment()), discovery.host(), discovery.port());
    }

    @Override
    public boolean chats() {
        return chats;
    }

    @Override
    public void close() {
        parts.close();
    }
}
