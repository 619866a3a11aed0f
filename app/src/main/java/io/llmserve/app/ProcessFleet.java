package io.llmserve.app;

import io.llmserve.control.Ports;
import io.llmserve.control.Supervisor;
import io.llmserve.core.Clock;
import io.llmserve.core.HostPort;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

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
    private final List<Supervisor> supervisors = new ArrayList<>();
    private final List<FleetMetrics.Source> pages = new ArrayList<>();

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
            Ports ports = new Ports(new SplittableRandom());
            ports.keep(spec.server().port());
            ports.keep(spec.server().metricsPort());
            discovery = Discovery.at(WorkerLaunch.LOOPBACK, ports.prefer(Discovery.USUAL_PORT));
            ScrapedPages scraped = parts.own(new ScrapedPages());
            parts.own((AutoCloseable) this::stopAll);
            progress.begin("Starting %d workers".formatted(roles.size()));
            WorkerLaunch launches = new WorkerLaunch(spec, ports, discovery.port());
            for (WorkerLaunch.Planned planned : launches.all()) {
                supervisors.add(Supervisor.start(planned.launch(), options(), Clock.SYSTEM));
                HostPort address = planned.http();
                pages.add(new FleetMetrics.Source(address, planned.role(), () -> scraped.of(address)));
            }
            awaitReady(progress);
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

    private void awaitReady(ProgressLine progress) {
        for (int ready = 0; ready < supervisors.size(); ready++) {
            supervisors.get(ready).awaitReady();
            progress.update(ready + 1, supervisors.size(), false);
        }
    }

    /// Side by side, as each may have answers to end.
    private void stopAll() {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            supervisors.forEach(supervisor -> threads.execute(supervisor::close));
        }
    }

    @Override
    public int size() {
        return supervisors.size();
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
        return new FleetMetrics(pages);
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
    public Optional<Path> modelFiles() {
        return Optional.empty();
    }

    @Override
    public OptionalLong firstTokenNanos() {
        return OptionalLong.empty();
    }

    @Override
    public void close() {
        parts.close();
    }
}
