package io.llmserve.app;

import io.llmserve.core.Clock;
import io.llmserve.core.WorkerRole;
import io.llmserve.engine.EngineFactory;
import io.llmserve.engine.EngineOptions;
import io.llmserve.engine.KernelRehearsal;
import io.llmserve.gateway.GatewayOptions;
import io.llmserve.gateway.GatewayServer;
import io.llmserve.gateway.WorkerSource;
import io.llmserve.manifest.Spec;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelReader;
import io.llmserve.worker.ModelLanguage;
import io.llmserve.worker.WorkerServer;
import io.llmserve.worker.kv.KvOptions;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Workers with the embedded engine, all in this process: they share the weights and the threads that compute, and
/// are otherwise as apart as in processes of their own. Gateway and workers speak HTTP over the loopback interface,
/// workers exchange pages by the engines of the manifest.
final class EmbeddedFleet implements Fleet {
    /// What the start waits for the JIT; what is not compiled then becomes so while users are served.
    private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(10);

    private static final int FIRST_ANSWER_TOKENS = 2;
    private static final String LOOPBACK = "127.0.0.1";

    private final Spec spec;
    private final Owned parts = new Owned();
    private final Path files;
    private final ModelDescription description;
    private final List<EmbeddedWorker> workers = new ArrayList<>();
    private final List<FleetMetrics.Source> pages = new ArrayList<>();
    private final long firstTokenNanos;

    /// Starts everything, or nothing. The JIT compiles the kernels, and the tokenizer is made, while the weights are
    /// being loaded.
    EmbeddedFleet(Spec spec, ProgressLine progress) {
        this.spec = spec;
        try {
            files = ModelInMemory.pull(spec, progress);
            progress.begin("Loading " + files.getFileName());
            description = ModelReader.open(files);
            Settings.requireKvMemory(spec);
            try (KernelRehearsal kernels = KernelRehearsal.begin(description, Settings.engine(spec), LONGEST_WARM_UP)) {
                Beside<ModelLanguage> language = Beside.begin("tokenizer", () -> ModelInMemory.language(description));
                EngineFactory factory = parts.own(ModelInMemory.pack(description, spec, progress));
                spec.deployment().roles().forEach(role -> start(factory, language.result(), role));
                progress.begin("Warming up");
                firstTokenNanos = rehearse(kernels, progress);
            }
            progress.finish();
        } catch (RuntimeException | Error failure) {
            progress.abandon();
            parts.closeAfter(failure);
            throw failure;
        }
    }

    private void start(EngineFactory factory, ModelLanguage language, WorkerRole role) {
        PrometheusRegistry metrics = new PrometheusRegistry();
        Optional<KvOptions> kv = spec.deployment().disaggregated()
                ? Optional.of(KvOptions.loopback(0).with(Settings.transfer(spec.transfer())))
                : Optional.empty();
        EngineOptions engine = Settings.engine(spec);
        EmbeddedWorker.Setup setup = new EmbeddedWorker.Setup(
                role, engine, Settings.worker(spec, Version.number()), LOOPBACK, kv, List.of(), metrics);
        List<String> names = ModelInMemory.names(spec, description);
        EmbeddedWorker worker =
                parts.own(new EmbeddedWorker(factory, description, names, language, setup, Duration.ZERO));
        workers.add(worker);
        pages.add(new FleetMetrics.Source(worker.httpAddress(), role, metrics::scrape));
    }

    /// Asks the last worker, which generates, through a gateway and a server of their own, so that the answer appears
    /// in no metrics. Returns when it was complete, with the time of its first token.
    private long rehearse(KernelRehearsal kernels, ProgressLine progress) {
        PrometheusRegistry metrics = new PrometheusRegistry();
        GatewayOptions.Listen anywhere = new GatewayOptions.Listen(LOOPBACK, 0, 0, 1);
        GatewayOptions options =
                Settings.gateway(spec, List.of(), Version.number()).with(anywhere);
        EmbeddedWorker last = workers.getLast();
        try (WorkerServer worker =
                new WorkerServer(last.engine(), last.model(), metrics, Settings.worker(spec, Version.number()))) {
            worker.start();
            List<WorkerSource> source = List.of(WorkerSource.at(LOOPBACK, worker.port()));
            try (GatewayServer gateway = new GatewayServer(options, source, metrics, Clock.SYSTEM)) {
                gateway.start();
                FirstQuestion question = new FirstQuestion(gateway.port(), chats());
                question.tokenize();
                kernels.await();
                progress.begin("Answering a first question");
                return question.nanosOfFirstToken(FIRST_ANSWER_TOKENS, Clock.SYSTEM);
            }
        }
    }

    @Override
    public boolean chats() {
        return description.chatTemplate().isPresent();
    }

    @Override
    public int size() {
        return workers.size();
    }

    @Override
    public List<WorkerSource> sources() {
        return workers.stream()
                .map(worker -> (WorkerSource) new WorkerSource.Announced(worker.announcement()))
                .toList();
    }

    @Override
    public MultiCollector metrics() {
        return new FleetMetrics(pages);
    }

    @Override
    public String words() {
        return Fleet.words(spec.deployment()) + ", in this process";
    }

    @Override
    public Optional<Path> modelFiles() {
        return Optional.of(files);
    }

    @Override
    public OptionalLong firstTokenNanos() {
        return OptionalLong.of(firstTokenNanos);
    }

    @Override
    public void close() {
        parts.close();
    }
}
