package io.llmserve.control;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// What is to be done about one worker process, from what is seen of it. Has no clock, thread or process of
/// its own: whoever drives it tells what it sees and the time, and does what it is told.
///
/// A worker that never became ready is given up: its command is wrong, and trying it again would hide why.
/// One that was ready is started again for as long as it takes.
final class Lifecycle {
    /// @param start from a worker's start to its first healthy answer
    /// @param hung how long a worker that was ready may answer nothing
    record Limits(Duration start, Duration hung, Backoff backoff) {}

    /// What is seen of the process.
    sealed interface Sight {
        record Healthy() implements Sight {}

        /// It runs.
        ///
        /// @param missing what it has not answered yet
        record Unhealthy(String missing) implements Sight {}

        record Ended(int exitCode) implements Sight {}

        /// There is none.
        record Absent() implements Sight {}
    }

    sealed interface Order {
        record Wait() implements Order {}

        record Start() implements Order {}

        /// Tell that it is ready, for the first time or again.
        record TellReady() implements Order {}

        /// End what is left of the process, and start another one after the pause.
        record Replace(String reason, Duration pause) implements Order {}

        record GiveUp(String reason) implements Order {}
    }

    private enum State {
        WAITING,
        STARTING,
        READY,
        GIVEN_UP
    }

    private final Limits limits;
    private final RandomGenerator random;
    private State state = State.WAITING;
    private boolean wasReady;
    private int failures;
    private long dueNanos;
    private long startedNanos;
    private long healthyNanos;

    /// @param nowNanos the first start is due at once
    Lifecycle(Limits limits, RandomGenerator random, long nowNanos) {
        this.limits = limits;
        this.random = random;
        this.dueNanos = nowNanos;
    }

    Order next(Sight sight, long nowNanos) {
        return switch (state) {
            case WAITING -> nowNanos - dueNanos >= 0 ? start(nowNanos) : new Order.Wait();
            case STARTING -> starting(sight, nowNanos);
            case READY -> running(sight, nowNanos);
            case GIVEN_UP -> new Order.Wait();
        };
    }

    private Order start(long nowNanos) {
        state = State.STARTING;
        startedNanos = nowNanos;
        return new Order.Start();
    }

    private Order starting(Sight sight, long nowNanos) {
        return switch (sight) {
            case Sight.Healthy() -> {
                state = State.READY;
                wasReady = true;
                healthyNanos = nowNanos;
                yield new Order.TellReady();
            }
            case Sight.Unhealthy(String missing)
            when nowNanos - startedNanos >= limits.start.toNanos() ->
                failed("was not ready %s after its start: %s".formatted(words(limits.start), missing), nowNanos);
            case Sight.Unhealthy ignored -> new Order.Wait();
            case Sight.Ended(int code) ->
                failed("%s, %s after its start".formatted(ended(code), words(since(startedNanos, nowNanos))), nowNanos);
            case Sight.Absent() -> failed("could not be started", nowNanos);
        };
    }

    private Order running(Sight sight, long nowNanos) {
        return switch (sight) {
            case Sight.Healthy() -> {
                healthyNanos = nowNanos;
                yield new Order.Wait();
            }
            case Sight.Unhealthy(String missing)
            when nowNanos - healthyNanos >= limits.hung.toNanos() ->
                failed("hangs: for %s %s".formatted(words(limits.hung), missing), nowNanos);
            case Sight.Unhealthy ignored -> new Order.Wait();
            case Sight.Ended(int code) -> failed(ended(code), nowNanos);
            case Sight.Absent() -> failed("is gone", nowNanos);
        };
    }

    private Order failed(String reason, long nowNanos) {
        boolean calm = state == State.READY
                && nowNanos - startedNanos >= limits.backoff.calm().toNanos();
        failures = calm ? 1 : failures + 1;
        if (!wasReady) {
            state = State.GIVEN_UP;
            return new Order.GiveUp(reason);
        }
        Duration pause = limits.backoff.pause(failures, random);
        state = State.WAITING;
        dueNanos = nowNanos + pause.toNanos();
        return new Order.Replace(reason, pause);
    }

    /// A shell tells an end by signal as 128 and its number.
    private static String ended(int exitCode) {
        return exitCode > 128 && exitCode < 160
                ? "was ended by signal %d".formatted(exitCode - 128)
                : "ended with exit code %d".formatted(exitCode);
    }

    private static Duration since(long fromNanos, long toNanos) {
        return Duration.ofNanos(toNanos - fromNanos);
    }

    static String words(Duration time) {
        return time.toSeconds() > 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }
}
