package io.llmserve.worker;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.engine.Engine;
import io.llmserve.wire.ModelCard;
import io.llmserve.worker.kv.KvExchange;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SocketAddress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// One engine as a server that speaks vLLM's worker contract. Owns its sockets and threads, not the engine and
/// the registry.
public final class WorkerServer implements AutoCloseable {
    private static final long SWEEP_MILLIS = 1_000;

    private final Vertx vertx;
    private final Engine engine;
    private final ServedModel model;
    private final PrometheusRegistry registry;
    private final WorkerOptions options;
    private final ConnectionGuard guard;
    private final OpenRequests open;
    private final long startedSeconds;
    private final FrontDesk desk;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<HttpServer> servers = new ArrayList<>();
    private long sweeper = -1;

    public WorkerServer(Engine engine, ServedModel model, PrometheusRegistry registry, WorkerOptions options) {
        this(engine, model, registry, options, null);
    }

    /// @param kv exchanges the engine's pages with other workers, and is not owned; null where none are exchanged
    public WorkerServer(
            Engine engine,
            ServedModel model,
            PrometheusRegistry registry,
            WorkerOptions options,
            @Nullable KvExchange kv) {
        this(engine, model, registry, options, kv, Clock.SYSTEM, RandomGenerator.of("L64X128MixRandom"));
    }

    /// @param kv null where no pages are exchanged with other workers
    /// @param random for seeds and ids of requests that name none
    public WorkerServer(
            Engine engine,
            ServedModel model,
            PrometheusRegistry registry,
            WorkerOptions options,
            @Nullable KvExchange kv,
            Clock clock,
            RandomGenerator random) {
        this.vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(options.eventLoops())
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1));
        this.engine = engine;
        this.model = model;
        this.registry = registry;
        this.options = options;
        this.guard = new ConnectionGuard(options, clock);
        this.open = new OpenRequests(options.limits().openRequests());
        this.startedSeconds = clock.now().getEpochSecond();
        SharedRandom shared = new SharedRandom(random);
        PromptCheck prompts = new PromptCheck(model);
        Planner planner = new Planner(model, prompts, options, clock, shared::nextLong);
        WorkerMetrics metrics = new WorkerMetrics(registry, model.name(), engine);
        Completions completions = new Completions(engine, model, planner, open, metrics, options, clock, kv);
        Routes routes = routes(completions, new TokenEndpoints(model, prompts));
        this.desk = new FrontDesk(
                vertx, routes, guard, options, threads, () -> HexFormat.of().toHexDigits(shared.nextLong()));
    }

    /// One source of randomness for all threads.
    private record SharedRandom(RandomGenerator random) {
        synchronized long nextLong() {
            return random.nextLong();
        }
    }

    private Routes routes(Completions completions, TokenEndpoints tokens) {
        return new Routes()
                .post("/v1/chat/completions", completions::chat)
                .post("/v1/completions", completions::text)
                .post("/inference/v1/generate", completions::tokens)
                .post("/tokenize", tokens::tokenize)
                .post("/detokenize", tokens::detokenize)
                .get("/v1/models", exchange -> exchange.ok(ModelCard.list(model.cards(startedSeconds))))
                .get("/v1/models/", this::model)
                .get("/health", this::health)
                .get("/ping", this::health)
                .get("/ready", this::ready)
                .get("/version", exchange -> exchange.ok(utf8("{\"version\":\"" + options.version() + "\"}")))
                .get("/load", exchange -> exchange.ok(utf8("{\"server_load\":" + open.count() + "}")))
                .get("/metrics", this::metrics);
    }

    /// Opens the port. CONFIGURATION where that cannot be: the message names address and reason.
    public void start() {
        HttpServerOptions listening = new HttpServerOptions()
                .setHost(options.host())
                .setPort(options.port())
                .setHandle100ContinueAutomatically(false)
                .setTcpNoDelay(true)
                // With it, a connection is known only after its first request: half a request could not be timed out.
                .setHttp2ClearTextEnabled(false)
                .setAcceptBacklog(options.limits().connections());
        SocketAddress address = options.port() == 0
                ? SocketAddress.sharedRandomPort(1, options.host())
                : SocketAddress.inetSocketAddress(options.port(), options.host());
        for (int loop = 0; loop < options.eventLoops(); loop++) {
            HttpServer server = vertx.createHttpServer(new HttpServerOptions(listening))
                    .connectionHandler(guard::opened)
                    .requestHandler(desk::receive);
            try {
                await(server.listen(address));
            } catch (CompletionException refused) {
                close();
                throw new ServeException(
                        Failure.CONFIGURATION,
                        "The worker cannot listen on %s:%d: %s."
                                .formatted(options.host(), options.port(), reason(refused)),
                        refused);
            }
            servers.add(server);
        }
        sweeper = vertx.setPeriodic(
                Math.min(SWEEP_MILLIS, options.timeouts().idle().toMillis()), tick -> guard.sweep());
    }

    /// The port that is open; the one that was found free where the options said 0.
    public int port() {
        return servers.getFirst().actualPort();
    }

    /// Takes no new requests, lets the running ones finish until the deadline, then aborts them with an error
    /// each.
    public void drain(Duration deadline) throws InterruptedException {
        long until = System.nanoTime() + deadline.toNanos();
        open.drain();
        engine.drain(deadline);
        open.awaitNone(Duration.ofNanos(Math.max(until - System.nanoTime(), SWEEP_MILLIS * 1_000_000)));
    }

    /// Requests being answered now.
    public int openRequests() {
        return open.count();
    }

    /// Closes the port and all connections. Generations that still run are cancelled.
    @Override
    public void close() {
        open.drain();
        if (sweeper >= 0) {
            vertx.cancelTimer(sweeper);
        }
        servers.forEach(server -> await(server.close()));
        threads.shutdownNow();
        threads.close();
        await(vertx.close());
    }

    private void model(Exchange exchange) {
        String name = exchange.path().substring("/v1/models/".length());
        exchange.ok(model.cards(startedSeconds).stream()
                .filter(card -> card.id().equals(name))
                .findFirst()
                .orElseThrow(() -> model.unknown(name))
                .toJson());
    }

    private void health(Exchange exchange) {
        engine.statistics();
        exchange.respond(200, Exchange.JSON, new byte[0]);
    }

    private void ready(Exchange exchange) {
        if (open.isDraining()) {
            throw new ServeException(Failure.UNAVAILABLE, "This worker is draining.");
        }
        health(exchange);
    }

    private void metrics(Exchange exchange) {
        PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try {
            writer.write(text, registry.scrape());
        } catch (IOException impossible) {
            throw new ServeException(Failure.INTERNAL, "The metrics could not be written.", impossible);
        }
        exchange.respond(200, writer.getContentType(), text.toByteArray());
    }

    private static String reason(CompletionException refused) {
        Throwable cause = refused.getCause();
        return cause == null || cause.getMessage() == null ? refused.toString() : cause.getMessage();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static <T> T await(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture().join();
    }
}
