package io.llmserve.control;

import io.llmserve.control.Lifecycle.Order;
import io.llmserve.control.Lifecycle.Sight;
import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps one worker process running: starts it, waits until it is well, starts it again when it falls or
/// hangs, stops it. One thread owns the process and does what [Lifecycle] orders; the public methods may be
/// called by any thread.
public final class Supervisor implements AutoCloseable {
    /// @param startTimeout from a start to the first healthy answer
    /// @param hungTimeout how long a worker that was ready may not answer before it is replaced
    /// @param stopGrace between SIGTERM and SIGKILL
    public record Options(Duration startTimeout, Duration hungTimeout, Duration stopGrace, Backoff backoff) {
        public static Options standard(Duration startTimeout) {
            return new Options(startTimeout, Duration.ofMinutes(1), Duration.ofSeconds(15), Backoff.STANDARD);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);
    private static final Duration LOOK_EVERY = Duration.ofMillis(500);

    private final Launch launch;
    private final Options options;
    private final Clock clock;
    private final Output output;
    private final Health health = new Health();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final AtomicInteger starts = new AtomicInteger();
    private final Thread owner;
    private volatile boolean stopping;
    private @Nullable GuardedProcess process;

    private Supervisor(Launch launch, Options options, Clock clock) {
        this.launch = launch;
        this.options = options;
        this.clock = clock;
        this.output = new Output(launch.name());
        this.owner = Thread.ofPlatform()
                .daemon()
                .name("supervisor of " + launch.name())
                .unstarted(this::run);
    }

    /// Starts the worker and returns at once.
    public static Supervisor start(Launch launch, Options options, Clock clock) {
        Supervisor supervisor = new Supervisor(launch, options, clock);
        supervisor.owner.start();
        return supervisor;
    }

    public String name() {
        return launch.name();
    }

    /// How often the process was started.
    public int starts() {
        return starts.get();
    }

    /// Returns when the worker has been well once. UNAVAILABLE with the reason and the end of its output when
    /// it never will be.
    public void awaitReady() {
        try {
            ready.join();
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof ServeException reason
                    ? reason
                    : new ServeException(Failure.INTERNAL, "worker %s failed".formatted(launch.name()), failed);
        }
    }

    /// Whether it has been well once; throws as [#awaitReady()] where it never will be.
    public boolean isReady() {
        if (ready.isCompletedExceptionally()) {
            awaitReady();
        }
        return ready.isDone();
    }

    /// The last line that it printed, without what a log puts before the words; empty where it printed none.
    public Optional<String> lastWords() {
        return output.last();
    }

    /// Stops the worker and all its processes; returns when they are gone.
    @Override
    public void close() {
        stopping = true;
        owner.interrupt();
        boolean interrupted = false;
        while (owner.isAlive()) {
            try {
                owner.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        ready.completeExceptionally(
                new ServeException(Failure.UNAVAILABLE, "worker %s was stopped".formatted(launch.name())));
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        Lifecycle lifecycle = new Lifecycle(
                new Lifecycle.Limits(options.startTimeout, options.hungTimeout, options.backoff),
                new SplittableRandom(),
                clock.nanos());
        try (health) {
            while (!stopping) {
                obey(lifecycle.next(look(), clock.nanos()));
            }
        } catch (InterruptedException _) {
            // [#close()] wants an end.
        } catch (RuntimeException failure) {
            ready.completeExceptionally(failure);
            LOG.error("worker {} is no longer watched", launch.name(), failure);
        } finally {
            end();
        }
    }

    private Sight look() throws InterruptedException {
        if (process == null) {
            return new Sight.Absent();
        }
        OptionalInt code = process.exitCode();
        if (code.isPresent()) {
            return new Sight.Ended(code.getAsInt());
        }
        Optional<String> missing = health.missing(launch.health());
        return missing.isEmpty() ? new Sight.Healthy() : new Sight.Unhealthy(missing.get());
    }

    private void obey(Order order) throws InterruptedException {
        switch (order) {
            case Order.Start() -> {
                LOG.info("starting worker {}: {}", launch.name(), String.join(" ", launch.command()));
                starts.incrementAndGet();
                process = GuardedProcess.start(launch, options.stopGrace, output::line);
            }
            case Order.TellReady() -> {
                LOG.info("worker {} is ready", launch.name());
                ready.complete(null);
            }
            case Order.Replace(String reason, Duration pause) -> {
                LOG.warn("worker {} {}; it starts again in {}", launch.name(), reason, Lifecycle.words(pause));
                end();
            }
            case Order.GiveUp(String reason) -> {
                end();
                ready.completeExceptionally(new ServeException(Failure.UNAVAILABLE, message(reason)));
            }
            case Order.Wait() -> pause();
        }
    }

    private void pause() throws InterruptedException {
        if (process == null) {
            Thread.sleep(LOOK_EVERY);
        } else {
            process.await(LOOK_EVERY);
        }
    }

    private void end() {
        if (process != null) {
            process.stop();
            process = null;
        }
    }

    private String message(String reason) {
        List<String> lines = output.end();
        String printed = lines.isEmpty()
                ? "; it printed nothing"
                : "; the end of what it printed:\n  " + String.join("\n  ", lines);
        return "worker %s (%s) %s%s".formatted(launch.name(), launch.command().getFirst(), reason, printed);
    }
}
