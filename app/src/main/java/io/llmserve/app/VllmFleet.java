package io.llmserve.app;

import io.llmserve.control.Hardware;
import io.llmserve.control.PlannedWorker;
import io.llmserve.control.Ports;
import io.llmserve.control.Supervisor;
import io.llmserve.control.VllmWorkers;
import io.llmserve.gateway.WorkerSource;
import io.llmserve.manifest.Spec;
import io.llmserve.models.ModelStore;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Workers that are `vllm serve` processes of this machine. They do not register: the gateway is told of them.
final class VllmFleet implements Fleet {
    private final Spec spec;
    private final Owned parts = new Owned();
    private final LaunchedWorkers workers;
    private final boolean chats;

    /// Starts all, or none; each has answered its health check.
    VllmFleet(Spec spec, ProgressLine progress) {
        this.spec = spec;
        try {
            List<PlannedWorker> planned = plan(spec);
            progress.announce("Starting %d vLLM %s, which takes minutes"
                    .formatted(planned.size(), planned.size() == 1 ? "worker" : "workers"));
            workers = parts.own(new LaunchedWorkers(
                    planned, Supervisor.Options.standard(spec.vllm().startTimeout())));
            workers.awaitReady(progress);
            chats = new FirstQuestion(planned.getLast().http().port(), true).isUnderstood();
            progress.finish();
        } catch (RuntimeException | Error failure) {
            progress.abandon();
            parts.closeAfter(failure);
            throw failure;
        }
    }

    private static List<PlannedWorker> plan(Spec spec) {
        Map<String, String> environment = System.getenv();
        Path home = ModelStore.of(environment).directory().resolveSibling("vllm");
        Ports ports = LaunchedWorkers.ports(spec);
        return new VllmWorkers(spec, Hardware.ofThisMachine(environment), environment, home).plan(ports);
    }

    @Override
    public int size() {
        return workers.size();
    }

    @Override
    public List<WorkerSource> sources() {
        return workers.workers().stream()
                .<WorkerSource>map(worker -> new WorkerSource.Fixed(worker.http(), worker.role()))
                .toList();
    }

    @Override
    public MultiCollector metrics() {
        return workers.metrics();
    }

    @Override
    public String words() {
        return Fleet.words(spec.deployment()) + ", each a vLLM process";
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
