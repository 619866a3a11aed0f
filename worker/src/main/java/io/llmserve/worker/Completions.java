package io.llmserve.worker;

import io.llmserve.core.Clock;
import io.llmserve.engine.Engine;
import java.time.Duration;

/// `POST /v1/chat/completions` and `POST /v1/completions`.
final class Completions {
    private final Engine engine;
    private final ServedModel model;
    private final Planner planner;
    private final OpenRequests open;
    private final WorkerMetrics metrics;
    private final WorkerOptions options;
    private final Clock clock;

    Completions(
            Engine engine,
            ServedModel model,
            Planner planner,
            OpenRequests open,
            WorkerMetrics metrics,
            WorkerOptions options,
            Clock clock) {
        this.engine = engine;
        this.model = model;
        this.planner = planner;
        this.open = open;
        this.metrics = metrics;
        this.options = options;
        this.clock = clock;
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

    private void serve(Exchange exchange, byte[] body, Planning planning) throws InterruptedException {
        long arrivalNanos = clock.nanos();
        open.enter();
        try {
            Plan plan = planning.plan(exchange, body, arrivalNanos);
            metrics.requested(plan.fields().choices(), plan.prompts().getFirst().maxTokens());
            Answer answer = plan.fields().output().stream()
                    ? new StreamedAnswer(exchange, plan, options)
                    : new WholeAnswer(exchange, plan);
            Duration spent = Duration.ofNanos(clock.nanos() - arrivalNanos);
            new Run(engine, exchange, plan, answer, model, metrics, clock)
                    .run(options.timeouts().request().minus(spent));
        } finally {
            open.leave();
        }
    }
}
