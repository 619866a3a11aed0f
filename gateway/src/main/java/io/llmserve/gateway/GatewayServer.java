package io.llmserve.gateway;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import io.llmserve.gateway.DnsWatch.Resolver;
import io.llmserve.gateway.GatewayOptions.Discovery;
import io.llmserve.gateway.GatewayOptions.Hops;
import io.llmserve.gateway.WorkerSource.Announced;
import io.llmserve.gateway.WorkerSource.Dns;
import io.llmserve.gateway.WorkerSource.Fixed;
import io.llmserve.routing.Router;
import io.llmserve.wire.WorkerAnnouncement;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.net.BindException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The front door of a serving system: speaks OpenAI's API to clients and passes their requests on to workers.
/// Its methods block and belong to one thread, which is no event loop.
public final class GatewayServer implements AutoCloseable {
    /// How long [#close] lets clients read what was written for them.
    private static final Duration LAST_BYTES = Duration.ofSeconds(2);

    private final GatewayOptions options;
    private final Clock clock;
    private final GatewayState state;
    private final List<GatewayLoop> loops = new ArrayList<>();
    private final MetricsDoor metricsDoor;
    private final List<Dns> names;
    private @Nullable DiscoveryServer discovery;
    private @Nullable Vertx vertx;

    /// Registers the gateway's metrics in `registry`, which the metrics port shows.
    public GatewayServer(GatewayOptions options, List<WorkerSource> workers, PrometheusRegistry registry, Clock clock) {
        check(!workers.isEmpty() || options.discovery().isOn(), "a gateway needs workers, or discovery");
        this.options = options;
        this.clock = clock;
        this.state = new GatewayState(
                options,
                clock,
                newPool(options, workers, clock),
                new KeyRing(options.security(), new SecureRandom()),
                new GatewayMetrics(registry, options.version()));
        this.names = workers.stream()
                .filter(Dns.class::isInstance)
                .map(Dns.class::cast)
                .toList();
        this.metricsDoor = new MetricsDoor(options.listen(), registry);
    }

    private static WorkerPool newPool(GatewayOptions options, List<WorkerSource> workers, Clock clock) {
        Hops hops = options.hops();
        Router router = new Router(hops.policy().picker(), hops.policy().picker(), hops.split());
        WorkerPool pool = new WorkerPool(options.health(), router, clock);
        for (WorkerSource source : workers) {
            switch (source) {
                case Fixed(HostPort address, WorkerRole role) -> pool.add(address, role);
                case Announced(WorkerAnnouncement worker) -> pool.add(worker);
                case Dns _ -> {}
            }
        }
        return pool;
    }

    /// Asks every worker once how it is, then opens the ports. CONFIGURATION where one of them is taken.
    public void start() {
        check(vertx == null, "the gateway was started before");
        GatewayOptions.Listen listen = options.listen();
        Vertx started = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(listen.eventLoops() + 1)
                .setWorkerPoolSize(2)
                .setInternalBlockingPoolSize(2)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        vertx = started;
        try {
            openDiscovery();
            if (!names.isEmpty()) {
                await(started.deployVerticle(
                        new DnsWatch(state.pool, names, options.discovery().dnsInterval(), Resolver.SYSTEM)));
            }
            await(started.deployVerticle(new HealthProbe(state.pool, options.health(), new SplittableRandom())));
            deploy(started, () -> metricsDoor, 1, listen.metricsPort());
            deploy(started, this::newLoop, listen.eventLoops(), listen.port());
        } catch (ServeException failed) {
            close();
            throw failed;
        }
    }

    /// Waits for the first worker that is well, as until then every request is refused. False where none is in time.
    public boolean awaitWorker(Duration limit) throws InterruptedException {
        return state.pool.awaitUp(limit);
    }

    private void openDiscovery() {
        Discovery wanted = options.discovery();
        if (wanted.isOn()) {
            Registry registry = new Registry(state.pool, wanted.silence(), wanted.maxWorkers());
            DiscoveryServer opened = new DiscoveryServer(wanted.host(), wanted.port(), registry, clock);
            discovery = opened;
            opened.start();
        }
    }

    /// Where workers register; only where discovery is on.
    public int discoveryPort() {
        if (discovery == null) {
            throw new IllegalStateException("discovery is off, or was not started");
        }
        return discovery.port();
    }

    public int port() {
        return loops.getFirst().actualPort();
    }

    public int metricsPort() {
        return metricsDoor.actualPort();
    }

    /// Workers that get requests now.
    public int workersUp() {
        return state.pool.upCount();
    }

    /// A model that workers have said they serve.
    ///
    /// @param contextLength tokens of prompt and answer together; 0 where no worker said so
    public record ServedModel(String name, int contextLength) {}

    /// By name; of all workers that have answered yet.
    public List<ServedModel> models() {
        return state.pool.models().stream()
                .map(model -> new ServedModel(model.getString("id"), model.getInteger("max_model_len", 0)))
                .toList();
    }

    /// Requests between their head and the end of their answer.
    public int openRequests() {
        return state.openExchanges();
    }

    /// Takes no new requests (`/ready` is 503, connections close after their answer), lets those that run end
    /// until the deadline or an interrupt, then ends the rest with an error. Returns how many it had to cut.
    public int drain(Duration deadline) {
        state.startDraining();
        try {
            state.awaitNoExchange(deadline);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        state.startCutting();
        int cut = 0;
        for (GatewayLoop loop : loops) {
            CompletableFuture<Integer> ended = new CompletableFuture<>();
            loop.execute(() -> ended.complete(loop.cutAll()));
            cut += ended.join();
        }
        return cut;
    }

    /// Closes the ports and every connection; a client that does not read holds it up for [#LAST_BYTES]. Does nothing
    /// when already closed.
    @Override
    public void close() {
        if (discovery != null) {
            discovery.close();
            discovery = null;
        }
        Vertx running = vertx;
        if (running != null) {
            vertx = null;
            CompletableFuture<Void> closing =
                    running.close().toCompletionStage().toCompletableFuture();
            CompletableFuture<Void> _ = closing.copy()
                    .orTimeout(LAST_BYTES.toMillis(), TimeUnit.MILLISECONDS)
                    .exceptionally(late -> {
                        loops.forEach(GatewayLoop::closeConnectionsNow);
                        return null;
                    });
            closing.join();
        }
    }

    private GatewayLoop newLoop() {
        int port = options.listen().port();
        GatewayLoop loop = new GatewayLoop(state, port == 0 ? -1 : port);
        loops.add(loop);
        return loop;
    }

    private void deploy(Vertx running, Supplier<Deployable> verticles, int instances, int port) {
        try {
            await(running.deployVerticle(verticles, new DeploymentOptions().setInstances(instances)));
        } catch (CompletionException failed) {
            Throwable cause = failed.getCause() == null ? failed : failed.getCause();
            String host = options.listen().host();
            throw new ServeException(
                    Failure.CONFIGURATION,
                    cause instanceof BindException
                            ? "port %d on %s is in use by another program".formatted(port, host)
                            : "port %d on %s cannot be opened: %s".formatted(port, host, cause.getMessage()),
                    cause);
        }
    }

    private static <T> T await(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture().join();
    }
}
