package io.llmserve.gateway;

import io.llmserve.core.ServeException;
import io.llmserve.gateway.GatewayOptions.Timeouts;
import io.llmserve.wire.RequestPeek;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The workers' half of an exchange, from its place at the workers on: chooses one, sends the request, passes
/// the answer on, and tries another worker once while the client has seen nothing. Owned by one event loop.
final class Dispatch implements UpstreamAttempt.Listener {
    /// How it ended; told once, and not at all after [#close].
    interface Outcome {
        void answered(int status);

        void failed(ServeException reason);

        void clientTooSlow();
    }

    /// What it waits for, and so what it means when its deadline passes.
    private enum Phase {
        SENT,
        ANSWERING,
        CLIENT_IS_SLOW
    }

    private final GatewayState state;
    private final HttpClient client;
    private final HttpServerRequest request;
    private final RequestHead head;
    private final RequestPeek peek;
    private final Buffer body;
    private final Outcome outcome;
    private Phase phase = Phase.SENT;
    private long deadlineNanos;
    private boolean retried;
    private @Nullable UpstreamAttempt attempt;
    private @Nullable Relay relay;

    Dispatch(
            GatewayLoop loop,
            HttpServerRequest request,
            RequestHead head,
            RequestPeek peek,
            Buffer body,
            Outcome outcome) {
        this.state = loop.state();
        this.client = loop.client();
        this.request = request;
        this.head = head;
        this.peek = peek;
        this.body = body;
        this.outcome = outcome;
    }

    void start() {
        Decision decision = state.pool.pick(peek, Set.of());
        switch (decision) {
            case Decision.Serve(WorkerEndpoint worker) -> send(worker);
            case Decision.Reject(ServeException reason) -> outcome.failed(reason);
        }
    }

    /// Whether the client has seen any of the answer.
    boolean begun() {
        return relay != null && relay.begun();
    }

    /// Ends an answer that has begun.
    void breakOff(ServeException failure) {
        if (relay != null) {
            relay.breakOff(failure);
        }
    }

    long sentBytes() {
        return relay == null ? 0 : relay.sentBytes();
    }

    /// Gives the worker back; one that is still at work sees its connection close.
    void close() {
        if (attempt != null) {
            attempt.abort();
            state.pool.release(attempt.worker());
            attempt = null;
        }
    }

    /// Ends what waits too long.
    void checkDeadline(long nowNanos) {
        if (attempt == null || nowNanos - deadlineNanos < 0) {
            return;
        }
        switch (phase) {
            case SENT -> tooLate(UpstreamFailure.FIRST_BYTE, timeouts().firstByte());
            case ANSWERING -> tooLate(UpstreamFailure.STALL, timeouts().stall());
            case CLIENT_IS_SLOW -> outcome.clientTooSlow();
        }
    }

    @Override
    public void head(HttpClientResponse workers) {
        enter(Phase.ANSWERING, timeouts().stall());
        ClientAnswer answer = new ClientAnswer(request.response(), workers, this::clientIsSlow, this::clientCaughtUp);
        String type = workers.getHeader(HttpHeaders.CONTENT_TYPE);
        relay = type != null && type.startsWith("text/event-stream")
                ? new StreamRelay(answer, state.clock, head.startNanos(), state.metrics, state.modelLabel(peek))
                : new WholeRelay(answer, () -> RawConnection.closeNow(request.connection()));
    }

    @Override
    public void chunk(Buffer chunk) {
        if (relay == null) {
            return;
        }
        if (phase == Phase.ANSWERING) {
            enter(Phase.ANSWERING, timeouts().stall());
        }
        relay.chunk(chunk);
        if (relay.overfull() && attempt != null) {
            attempt.abort();
            failed(UpstreamFailure.GARBAGE, "an event without an end");
        }
    }

    /// The worker is free before the client hears the end, so that a client's next request finds it so.
    @Override
    public void ended() {
        WorkerEndpoint worker = worker();
        close();
        if (relay != null && relay.ended()) {
            state.pool.requestSucceeded(worker);
            outcome.answered(request.response().getStatusCode());
        } else {
            failed(worker, UpstreamFailure.DIED, "the stream ended without [DONE]");
        }
    }

    @Override
    public void failed(UpstreamFailure failure, String why) {
        WorkerEndpoint worker = worker();
        close();
        failed(worker, failure, why);
    }

    private void failed(WorkerEndpoint worker, UpstreamFailure failure, String why) {
        state.metrics.upstreamFailed(worker, failure);
        state.pool.requestFailed(worker, failure, why);
        if (!retried && !begun() && failure.mayRetry()) {
            retried = true;
            relay = null;
            if (elsewhere(worker, failure) instanceof Decision.Serve(WorkerEndpoint other)) {
                state.metrics.retried();
                send(other);
                return;
            }
        }
        outcome.failed(failure.exception(worker, why, retried));
    }

    /// A worker that closed an idle connection just as we used it is no worse than another.
    private Decision elsewhere(WorkerEndpoint failed, UpstreamFailure failure) {
        Decision other = state.pool.pick(peek, Set.of(failed));
        boolean sameAgain = other instanceof Decision.Reject && failure == UpstreamFailure.CLOSED;
        return sameAgain ? state.pool.pick(peek, Set.of()) : other;
    }

    private void send(WorkerEndpoint worker) {
        enter(Phase.SENT, timeouts().firstByte());
        UpstreamAttempt next = new UpstreamAttempt(worker, this);
        attempt = next;
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost(worker.host())
                .setPort(worker.port())
                .setURI(head.uri())
                .setHeaders(ForwardedHeaders.toWorker(request.headers(), head.tenant(), head.id()));
        next.send(client, options, body);
    }

    private void tooLate(UpstreamFailure failure, Duration timeout) {
        if (attempt != null) {
            attempt.abort();
        }
        failed(failure, "no byte for " + timeout.toMillis() + " ms");
    }

    private void clientIsSlow() {
        if (attempt != null && phase == Phase.ANSWERING) {
            enter(Phase.CLIENT_IS_SLOW, timeouts().slowClient());
            attempt.pause();
        }
    }

    private void clientCaughtUp() {
        if (attempt != null && phase == Phase.CLIENT_IS_SLOW) {
            enter(Phase.ANSWERING, timeouts().stall());
            attempt.resume();
        }
    }

    private void enter(Phase next, Duration longest) {
        phase = next;
        deadlineNanos = state.clock.nanos() + longest.toNanos();
    }

    private Timeouts timeouts() {
        return state.options.timeouts();
    }

    private WorkerEndpoint worker() {
        if (attempt == null) {
            throw new IllegalStateException("no attempt is under way");
        }
        return attempt.worker();
    }
}
