package io.llmserve.worker;

import io.llmserve.core.Clock;
import io.llmserve.engine.Engine;
import io.llmserve.worker.kv.KvExchange;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// `POST /v1/chat/completions`, `POST /v1/completions` and `POST /inference/v1/generate`.
final class Completions {
    private final Engine engine;
    private final ServedModel model;
    private final Planner planner;
    private final OpenRequests open;
    private final WorkerMetrics metrics;
    private final WorkerOptions options;
    private final Clock clock;
    private final @Nullable KvExchange kv;

    /// @param kv null where no pages are exchanged with other workers
    Completions(
            Engine engine,
            ServedModel model,
            Planner planner,
            OpenRequests open,
            WorkerMetrics metrics,
            WorkerOptions options,
            Clock clock,
            @Nullable KvExchange kv) {
        this.engine = engine;
        this.model = model;
        this.planner = planner;
        this.open = open;
        this.metrics = metrics;
        this.options = options;
        this.clock = clock;
        this.kv = kv;
    }

    /// Makes a plan of the bytes of a request.
    @FunctionalInterface
    private interface Planning {
        Plan plan(Exchange exchange, byte[] body, long arrivalNanos) throws InterruptedException;
    }

    void chat(Exchange exchange, byte[] body) throws InterruptedException {
        serve(exchange, body, planner::chat);
    }

    void text(Exchange exchange, byte[] body) throws InterruptedException {
        serve(exchange, body, planner::text);
    }

    void tokens(Exchange exchange, byte[] body) throws InterruptedException {
        serve(exchange, body, planner::tokens);
    }

    private void serve(Exchange exchange, byte[] body, Planning planning) throws InterruptedException {
        long arrivalNanos = clock.nanos();
        open.enter();
        try {
            Plan plan = planning.plan(exchange, body, arrivalNanos);
            metrics.requested(plan.fields().choices(), plan.prompts().getFirst().maxTokens());
            try (PageHandover pages = PageHandover.of(plan, exchange.requestId(), kv)) {
                answer(exchange, plan, pages);
            }
        } finally {
            open.leave();
        }
    }

    private void answer(Exchange exchange, Plan plan, PageHandover pages) throws InterruptedException {
        Answer answer = plan.fields().output().stream()
                ? new StreamedAnswer(exchange, plan, options)
                : new WholeAnswer(exchange, plan, pages);
        Duration spent = Duration.ofNanos(clock.nanos() - plan.arrivalNanos());
        new Run(engine, exchange, plan, pages, answer, model, metrics, clock)
                .run(options.timeouts().request().minus(spent));
    }
}
