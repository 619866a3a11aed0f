package io.llmserve.app;

import io.llmserve.control.PlannedWorker;
import io.llmserve.control.Ports;
import io.llmserve.control.Supervisor;
import io.llmserve.core.Clock;
import io.llmserve.manifest.Spec;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/// Worker processes of this machine, of whatever engine, each under a supervisor that starts it again, at its address,
/// when it falls or hangs. Owned by one thread.
final class LaunchedWorkers implements AutoCloseable {
    private static final long LOOK_NANOS = 100_000_000;

    private final List<PlannedWorker> workers;
    private final List<Supervisor> supervisors;
    private final ScrapedPages pages = new ScrapedPages();

    /// Ports for workers of this machine, beside those of the gateway.
    static Ports ports(Spec spec) {
        Ports ports = new Ports(new SplittableRandom());
        ports.keep(spec.server().port());
        ports.keep(spec.server().metricsPort());
        return ports;
    }

    /// Starts all of them, and returns at once.
    LaunchedWorkers(List<PlannedWorker> workers, Supervisor.Options options) {
        this.workers = List.copyOf(workers);
        supervisors = workers.stream()
                .map(worker -> Supervisor.start(worker.launch(), options, Clock.SYSTEM))
                .toList();
    }

    /// Returns when each has been well; UNAVAILABLE, with the end of what it printed, as soon as one never will be.
    void awaitReady(ProgressLine progress) {
        for (int ready = ready(); ready < size(); ready = ready()) {
            progress.update(ready, size(), lastWords());
            LockSupport.parkNanos(LOOK_NANOS);
        }
        progress.update(size(), size(), "");
    }

    private int ready() {
        return (int) supervisors.stream().filter(Supervisor::isReady).count();
    }

    /// Of the first that is not ready: it shows what the start waits for.
    private String lastWords() {
        Optional<Supervisor> waitedFor =
                supervisors.stream().filter(supervisor -> !supervisor.isReady()).findFirst();
        return waitedFor
                .flatMap(supervisor -> supervisor.lastWords().map(words -> supervisor.name() + ": " + words))
                .orElse("");
    }

    int size() {
        return workers.size();
    }

    List<PlannedWorker> workers() {
        return workers;
    }

    /// Asked for when somebody looks.
    MultiCollector metrics() {
        return new FleetMetrics(workers.stream()
                .map(worker -> new FleetMetrics.Source(worker.http(), worker.role(), () -> pages.of(worker.http())))
                .toList());
    }

    /// Stops them side by side, as each may have answers to end.
    @Override
    public void close() {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            supervisors.forEach(supervisor -> threads.execute(supervisor::close));
        }
        pages.close();
    }
}
