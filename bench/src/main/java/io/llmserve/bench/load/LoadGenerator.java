package io.llmserve.bench.load;

import io.llmserve.bench.load.LoadPlan.Pace;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Phaser;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/// Carries out a plan against a target. One thread keeps the schedule; each request (open loop) or user (closed
/// loop) is a task of the executor: virtual threads live, the caller's own thread in virtual time.
public final class LoadGenerator {
    /// Requests under way at once. Beyond it the client would be what is measured: the request fails as
    /// [#CLIENT_LIMIT].
    public static final int MAX_IN_FLIGHT = 20_000;

    public static final String CLIENT_LIMIT = "client_limit";

    private final Target target;
    private final Timeline timeline;
    private final Executor executor;
    private final int maxInFlight;

    public LoadGenerator(Target target, Timeline timeline, Executor executor) {
        this(target, timeline, executor, MAX_IN_FLIGHT);
    }

    LoadGenerator(Target target, Timeline timeline, Executor executor, int maxInFlight) {
        this.target = target;
        this.timeline = timeline;
        this.executor = executor;
        this.maxInFlight = maxInFlight;
    }

    /// Runs the plan to its end, the last answer included. `outcomes` hears every request once, on the thread that
    /// sent it.
    public void run(LoadPlan plan, Consumer<Outcome> outcomes) {
        long start = timeline.nanos();
        RequestSequence sequence = new RequestSequence(plan);
        Phaser underWay = new Phaser(1);
        switch (plan.pace()) {
            case Pace.OpenLoop ignored -> openLoop(sequence, start, underWay, outcomes);
            case Pace.ClosedLoop closed -> {
                long end = start + plan.extent().duration().toNanos();
                for (int user = 0; user < closed.users(); user++) {
                    launch(underWay, () -> closedLoop(sequence, end, outcomes));
                }
            }
        }
        underWay.arriveAndAwaitAdvance();
    }

    private void openLoop(RequestSequence sequence, long start, Phaser underWay, Consumer<Outcome> outcomes) {
        Semaphore places = new Semaphore(maxInFlight);
        for (Optional<PlannedRequest> next = sequence.next(); next.isPresent(); next = sequence.next()) {
            PlannedRequest request = next.get();
            long scheduled = start + request.offsetNanos();
            timeline.sleepUntil(scheduled);
            if (places.tryAcquire()) {
                launch(underWay, () -> {
                    try {
                        outcomes.accept(target.send(request, scheduled));
                    } finally {
                        places.release();
                    }
                });
            } else {
                outcomes.accept(Outcome.failed(request.shape(), scheduled, timeline.nanos(), CLIENT_LIMIT));
            }
        }
    }

    private void closedLoop(RequestSequence sequence, long end, Consumer<Outcome> outcomes) {
        long due = timeline.nanos();
        while (due < end) {
            Optional<PlannedRequest> next = sequence.next();
            if (next.isEmpty()) {
                return;
            }
            Outcome outcome = target.send(next.get(), due);
            outcomes.accept(outcome);
            due = outcome.timing().end();
        }
    }

    private void launch(Phaser underWay, Runnable task) {
        underWay.register();
        executor.execute(() -> {
            try {
                task.run();
            } finally {
                underWay.arriveAndDeregister();
            }
        });
    }
}
