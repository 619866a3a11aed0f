package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.gateway.GatewayOptions.Timeouts;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One worker's part of the answer: all of it, unless the worker is lost and another one goes on. Hands bytes to
/// a relay, and looks after deadlines. Owned by one event loop.
final class AnswerLeg implements UpstreamAttempt.Listener {
    /// What becomes of it. After [#ended] or [#failed] nothing more is told.
    interface Outcome {
        /// The head of the answer came. Returns what takes the rest; null if this leg is over by now.
        @Nullable
        Relay began(AnswerLeg leg, HttpClientResponse head);

        /// The first bytes came.
        void spoke(AnswerLeg leg);

        void ended(AnswerLeg leg);

        void failed(AnswerLeg leg, UpstreamFailure failure, String why);

        void clientTooSlow();
    }

    /// What a leg is there for.
    enum Kind {
        /// All of the request at one worker.
        WHOLE,
        /// The tokens, from pages that prefill has.
        DECODE,
        /// What follows the tokens that the client has.
        RESUMED
    }

    private enum Phase {
        SENT,
        ANSWERING,
        CLIENT_IS_SLOW,
        OVER
    }

    /// How long a stream is given whose worker is out: it may only look so from here.
    private static final Duration DOUBT = Duration.ofSeconds(2);

    private final GatewayState state;
    private final Place place;
    private final Kind kind;
    private final Outcome outcome;
    private final UpstreamAttempt attempt;
    private final long startNanos;
    private Phase phase = Phase.SENT;
    private long sinceNanos;
    private boolean canGoElsewhere;
    private boolean spoke;
    private @Nullable Relay relay;

    AnswerLeg(GatewayState state, Place place, Kind kind, Outcome outcome) {
        this.state = state;
        this.place = place;
        this.kind = kind;
        this.outcome = outcome;
        this.attempt = new UpstreamAttempt(place.address(), this);
        this.startNanos = state.clock.nanos();
        this.sinceNanos = startNanos;
    }

    void send(HttpClient client, RequestOptions options, Buffer body) {
        attempt.send(client, options, body);
    }

    HostPort worker() {
        return place.address();
    }

    Place place() {
        return place;
    }

    Kind kind() {
        return kind;
    }

    long startNanos() {
        return startNanos;
    }

    /// The stream can go on at another worker: then nobody need wait long for this one.
    void canGoElsewhere() {
        canGoElsewhere = true;
    }

    /// Gives the worker back; one that is still at work sees its connection close.
    void close() {
        if (phase != Phase.OVER) {
            phase = Phase.OVER;
            attempt.abort();
            place.release();
        }
    }

    void clientIsSlow() {
        if (phase == Phase.ANSWERING) {
            enter(Phase.CLIENT_IS_SLOW);
            attempt.pause();
        }
    }

    void clientCaughtUp() {
        if (phase == Phase.CLIENT_IS_SLOW) {
            enter(Phase.ANSWERING);
            attempt.resume();
        }
    }

    /// Ends what waits too long.
    void checkDeadline(long nowNanos) {
        long waited = nowNanos - sinceNanos;
        switch (phase) {
            case SENT -> {
                if (waited >= timeouts().firstByte().toNanos()) {
                    tooLate(UpstreamFailure.FIRST_BYTE, timeouts().firstByte());
                } else if (waited >= state.options.hops().tokenGap().toNanos() && isOut()) {
                    tooLate(UpstreamFailure.GONE, state.options.hops().tokenGap());
                }
            }
            case ANSWERING -> {
                Duration gap = canGoElsewhere
                        ? state.options.hops().tokenGap()
                        : timeouts().stall();
                if (waited >= gap.toNanos()) {
                    tooLate(UpstreamFailure.STALL, gap);
                } else if (canGoElsewhere && waited >= DOUBT.toNanos() && isOut()) {
                    tooLate(UpstreamFailure.GONE, DOUBT);
                }
            }
            case CLIENT_IS_SLOW -> {
                if (waited >= timeouts().slowClient().toNanos()) {
                    outcome.clientTooSlow();
                }
            }
            case OVER -> {}
        }
    }

    @Override
    public void head(HttpClientResponse response) {
        enter(Phase.ANSWERING);
        relay = outcome.began(this, response);
    }

    @Override
    public void chunk(Buffer chunk) {
        Relay to = relay;
        if (to == null || phase == Phase.OVER) {
            return;
        }
        if (!spoke) {
            spoke = true;
            place.prefilled();
            outcome.spoke(this);
        }
        if (phase == Phase.ANSWERING) {
            enter(Phase.ANSWERING);
        }
        to.chunk(chunk);
        if (to.overfull()) {
            failed(UpstreamFailure.GARBAGE, "an event without an end");
        } else {
            to.brokenOff().ifPresent(why -> failed(UpstreamFailure.REFUSED, why));
        }
    }

    /// The worker is free before the client hears the end, so that a client's next request finds it so.
    @Override
    public void ended() {
        Relay to = relay;
        if (phase == Phase.OVER || to == null) {
            return;
        }
        close();
        if (to.ended()) {
            state.pool.requestSucceeded(worker());
            outcome.ended(this);
        } else {
            outcome.failed(this, UpstreamFailure.DIED, "the stream ended without [DONE]");
        }
    }

    @Override
    public void failed(UpstreamFailure failure, String why) {
        if (phase != Phase.OVER) {
            close();
            outcome.failed(this, failure, why);
        }
    }

    private boolean isOut() {
        return place.worker().isGone() || !state.pool.isUp(worker());
    }

    private void tooLate(UpstreamFailure failure, Duration timeout) {
        failed(failure, "no byte for " + timeout.toMillis() + " ms");
    }

    private void enter(Phase next) {
        phase = next;
        sinceNanos = state.clock.nanos();
    }

    private Timeouts timeouts() {
        return state.options.timeouts();
    }
}
