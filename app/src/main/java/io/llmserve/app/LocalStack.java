package io.llmserve.app;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.engine.EmbeddedEngine;
import io.llmserve.engine.EngineFactory;
import io.llmserve.engine.KernelRehearsal;
import io.llmserve.gateway.ApiKey;
import io.llmserve.gateway.GatewayOptions;
import io.llmserve.gateway.GatewayServer;
import io.llmserve.gateway.WorkerSource;
import io.llmserve.manifest.Spec;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelReader;
import io.llmserve.models.ModelStore;
import io.llmserve.models.TensorSource;
import io.llmserve.text.Tokenizer;
import io.llmserve.worker.ModelLanguage;
import io.llmserve.worker.ServedModel;
import io.llmserve.worker.WorkerServer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// The whole system in this process, put together by hand: files -> engine -> worker -> gateway. Gateway and
/// worker speak HTTP over the loopback interface. Owned by one thread.
final class LocalStack implements AutoCloseable {
    /// What the start waits for the JIT; what is not compiled then becomes so while users are served.
    private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(10);

    /// A worker in this process is well at once; on a machine that is very busy it may take long to say so.
    private static final Duration LONGEST_FIRST_PROBE = Duration.ofMinutes(1);

    private static final int FIRST_ANSWER_TOKENS = 2;
    private static final String LOOPBACK = "127.0.0.1";

    private final Spec spec;
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final ModelDescription description;
    private final EmbeddedEngine engine;
    private final ServedModel model;
    private final WorkerServer worker;
    private final GatewayServer gateway;
    private final long firstTokenNanos;

    /// Starts everything, or nothing: what was started before a failure is closed again. The JIT compiles the kernels,
    /// and the tokenizer is made, while the weights are being loaded.
    LocalStack(Spec spec, Path modelFiles, List<ApiKey> keys, ProgressLine progress) {
        this.spec = spec;
        try {
            progress.begin("Loading " + modelFiles.getFileName());
            description = ModelReader.open(modelFiles);
            String name = spec.models().primary().servedName().orElse(description.name());
            try (KernelRehearsal kernels = KernelRehearsal.begin(description, Settings.engine(spec), LONGEST_WARM_UP)) {
                Beside<ModelLanguage> language = Beside.begin("tokenizer", () -> language(description));
                EngineFactory factory = own(load(description, spec, progress));
                engine = own(factory.start(Settings.engine(spec)));
                model = ServedModel.of(List.of(name), description, engine.contextLength(), language.result());
                progress.begin("Warming up");
                firstTokenNanos = rehearse(kernels, progress);
            }
            PrometheusRegistry metrics = new PrometheusRegistry();
            worker = startWorker(metrics);
            gateway = startGateway(worker, metrics, Settings.gateway(spec, keys, Version.number()));
            progress.finish();
        } catch (RuntimeException | Error failure) {
            progress.abandon();
            closeAfter(failure);
            throw failure;
        }
    }

    /// The model's files are mapped only until the weights are packed.
    private static EngineFactory load(ModelDescription description, Spec spec, ProgressLine progress) {
        try (TensorSource _ = description.tensors()) {
            return EngineFactory.load(
                    description, Settings.threads(spec), (done, total) -> progress.update(done, total, true));
        }
    }

    private static ModelLanguage language(ModelDescription description) {
        Path store = ModelStore.of(System.getenv()).directory();
        Tokenizer tokenizer = Tokenizer.load(description.tokenizer(), store.resolveSibling("native"));
        return ModelLanguage.of(description, tokenizer, Clock.SYSTEM);
    }

    /// Returns when the first question was answered, with the time of its first token.
    private long rehearse(KernelRehearsal kernels, ProgressLine progress) {
        PrometheusRegistry metrics = new PrometheusRegistry();
        GatewayOptions.Listen anywhere = new GatewayOptions.Listen(LOOPBACK, 0, 0, 1);
        GatewayOptions options =
                Settings.gateway(spec, List.of(), Version.number()).with(anywhere);
        try (WorkerServer rehearsalWorker = newWorker(metrics)) {
            rehearsalWorker.start();
            try (GatewayServer rehearsalGateway = newGateway(rehearsalWorker, metrics, options)) {
                rehearsalGateway.start();
                awaitWorker(rehearsalGateway);
                FirstQuestion question = new FirstQuestion(rehearsalGateway.port(), chats());
                question.tokenize();
                kernels.await();
                progress.begin("Answering a first question");
                return question.nanosOfFirstToken(FIRST_ANSWER_TOKENS, Clock.SYSTEM);
            }
        }
    }

    private WorkerServer startWorker(PrometheusRegistry metrics) {
        WorkerServer started = own(newWorker(metrics));
        started.start();
        return started;
    }

    private GatewayServer startGateway(WorkerServer upstream, PrometheusRegistry metrics, GatewayOptions options) {
        GatewayServer started = own(newGateway(upstream, metrics, options));
        started.start();
        awaitWorker(started);
        return started;
    }

    /// Who is told that the system is ready, finds it so.
    private static void awaitWorker(GatewayServer started) {
        try {
            if (!started.awaitWorker(LONGEST_FIRST_PROBE)) {
                throw new ServeException(
                        Failure.UNAVAILABLE,
                        "the worker of this process did not answer its health check in %d s"
                                .formatted(LONGEST_FIRST_PROBE.toSeconds()));
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new ServeException(Failure.UNAVAILABLE, "stopped before the worker was ready", stop);
        }
    }

    private WorkerServer newWorker(PrometheusRegistry metrics) {
        return new WorkerServer(engine, model, metrics, Settings.worker(spec, Version.number()));
    }

    private static GatewayServer newGateway(WorkerServer upstream, PrometheusRegistry metrics, GatewayOptions options) {
        return new GatewayServer(options, List.of(WorkerSource.at(LOOPBACK, upstream.port())), metrics, Clock.SYSTEM);
    }

    private <T extends AutoCloseable> T own(T part) {
        parts.push(part);
        return part;
    }

    String modelName() {
        return model.name();
    }

    int contextLength() {
        return model.contextLength();
    }

    /// Whether the model has a chat template.
    boolean chats() {
        return description.chatTemplate().isPresent();
    }

    int port() {
        return gateway.port();
    }

    int metricsPort() {
        return gateway.metricsPort();
    }

    /// [Clock#nanos()] of the first token that this process has generated for a request over HTTP.
    long firstTokenNanos() {
        return firstTokenNanos;
    }

    int openRequests() {
        return worker.openRequests();
    }

    /// Takes no new requests and lets the running ones end, until the deadline or an interrupt. Returns how many it
    /// cut.
    int drain(Duration deadline) {
        return gateway.drain(deadline);
    }

    @Override
    public void close() {
        IllegalStateException failure = new IllegalStateException("the system did not close tidily");
        closeAfter(failure);
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }

    /// Closes the parts, the last one first; what fails there is added to `failure`.
    private void closeAfter(Throwable failure) {
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception suppressed) {
                failure.addSuppressed(suppressed);
            }
        }
    }
}
