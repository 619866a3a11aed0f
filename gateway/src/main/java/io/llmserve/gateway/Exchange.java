package io.llmserve.gateway;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.wire.RequestPeek;
import io.vertx.core.AsyncResult;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One request for a worker, from its head to the end of its answer: read, wait for a place, send, pass the
/// answer on. However it ends, it ends once, in [#finish], which gives everything back that the request held.
/// Owned by the event loop of its connection, except where said.
final class Exchange implements UpstreamAttempt.Listener {
    /// What the exchange waits for, and so what it means when its deadline passes.
    private enum Phase {
        READING,
        WAITING,
        SENT,
        ANSWERING,
        CLIENT_IS_SLOW,
        ENDED
    }

    /// As nginx counts requests whose client went away.
    private static final int CLIENT_GONE = 499;
    /// A larger body is not read on the event loop: 256 KiB are less than a millisecond.
    private static final int PEEK_BYTES = 256 << 10;

    private final GatewayLoop loop;
    private final GatewayState state;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final RequestHead head;
    private final RequestBody body;
    private RequestPeek peek = new RequestPeek(Optional.empty(), false, false, OptionalInt.empty(), 1);
    private Phase phase = Phase.READING;
    private long deadlineNanos;
    private long completeNanos;
    private long receivedBytes;
    private boolean hasPlace;
    private boolean countsAsStream;
    private boolean retried;
    private @Nullable UpstreamAttempt attempt;
    private @Nullable Relay relay;

    Exchange(GatewayLoop loop, HttpServerRequest request, RequestHead head) {
        this.loop = loop;
        this.state = loop.state();
        this.request = request;
        this.response = request.response();
        this.head = head;
        this.body = new RequestBody(state, request, this::fail);
    }

    void begin() {
        loop.began(this);
        response.closeHandler(closed -> clientGone());
        enter(Phase.READING, state.options.timeouts().body());
        try {
            body.read(this::bodyComplete);
        } catch (ServeException refused) {
            fail(refused);
        }
    }

    /// Ends what waits too long.
    void checkDeadline(long nowNanos) {
        if (nowNanos - deadlineNanos < 0) {
            return;
        }
        switch (phase) {
            case READING -> fail(bodyTooLate());
            case WAITING -> {
                if (state.line.giveUp(this)) {
                    fail(state.waitedTooLong());
                }
            }
            case SENT ->
                tooLate(UpstreamFailure.FIRST_BYTE, state.options.timeouts().firstByte());
            case ANSWERING ->
                tooLate(UpstreamFailure.STALL, state.options.timeouts().stall());
            case CLIENT_IS_SLOW -> {
                finish(CLIENT_GONE);
                closeConnection();
            }
            case ENDED -> {}
        }
    }

    /// The gateway stops: ends the exchange with an error that says so. True if there was something to end.
    boolean cut() {
        if (phase == Phase.ENDED) {
            return false;
        }
        fail(GatewayState.shuttingDown());
        return true;
    }

    /// The first in line, and a place is free. Any thread may call.
    void grantPlace() {
        loop.execute(this::admitted);
    }

    @Override
    public void head(HttpClientResponse workers) {
        enter(Phase.ANSWERING, state.options.timeouts().stall());
        state.pool.requestSucceeded(workerOf(attempt));
        ClientAnswer answer = new ClientAnswer(response, workers, this::clientIsSlow, this::clientCaughtUp);
        String type = workers.getHeader(HttpHeaders.CONTENT_TYPE);
        if (type != null && type.startsWith("text/event-stream")) {
            String model = modelLabel();
            relay = new StreamRelay(
                    answer,
                    state.clock,
                    head.startNanos(),
                    state.metrics.firstToken(model),
                    state.metrics.interToken(model));
        } else {
            relay = new WholeRelay(answer, this::closeConnection);
        }
    }

    @Override
    public void chunk(Buffer chunk) {
        if (relay == null) {
            return;
        }
        if (phase == Phase.ANSWERING) {
            enter(Phase.ANSWERING, state.options.timeouts().stall());
        }
        relay.chunk(chunk);
        if (relay.overfull() && attempt != null) {
            attempt.abort();
            failed(UpstreamFailure.GARBAGE, "an event without an end");
        }
    }

    @Override
    public void ended() {
        if (relay != null && relay.ended()) {
            finish(response.getStatusCode());
        } else {
            failed(UpstreamFailure.DIED, "the stream ended without [DONE]");
        }
    }

    @Override
    public void failed(UpstreamFailure failure, String why) {
        WorkerEndpoint worker = workerOf(attempt);
        state.metrics.upstreamFailed(worker, failure);
        state.pool.requestFailed(worker, failure, why);
        leaveWorker();
        if (!retried && !(relay != null && relay.begun()) && failure.mayRetry()) {
            retried = true;
            relay = null;
            if (sendTo(elsewhere(worker, failure))) {
                state.metrics.retried();
                return;
            }
        }
        fail(failure.exception(worker, why, retried));
    }

    private void bodyComplete() {
        completeNanos = state.clock.nanos();
        Buffer bytes = body.bytes();
        receivedBytes = bytes.length();
        if (bytes.length() <= PEEK_BYTES) {
            try {
                enterLine(RequestPeek.of(bytes.getBytes()));
            } catch (ServeException refused) {
                fail(refused);
            }
        } else {
            loop.compute(() -> RequestPeek.of(bytes.getBytes()), this::peeked);
        }
    }

    private void peeked(AsyncResult<RequestPeek> result) {
        if (phase == Phase.ENDED) {
            return;
        }
        try {
            if (result.failed()) {
                throw result.cause() instanceof ServeException refused
                        ? refused
                        : new ServeException(Failure.INTERNAL, "the request could not be read", result.cause());
            }
            enterLine(result.result());
        } catch (ServeException refused) {
            fail(refused);
        }
    }

    private void enterLine(RequestPeek found) {
        peek = found;
        state.pool.requireModel(peek.model().orElse(""));
        if (peek.stream()) {
            state.openStream();
            countsAsStream = true;
        }
        enter(Phase.WAITING, state.options.timeouts().queue());
        switch (state.line.enter(this)) {
            case ADMITTED -> admitted();
            case WAITING -> {}
            case FULL -> throw state.lineFull();
        }
    }

    private void admitted() {
        if (phase == Phase.ENDED || state.cutting()) {
            state.leaveLine();
            return;
        }
        hasPlace = true;
        state.metrics.waited((state.clock.nanos() - completeNanos) / 1e9);
        Decision decision = state.pool.pick(peek, Set.of());
        if (!sendTo(decision) && decision instanceof Decision.Reject(ServeException reason)) {
            fail(reason);
        }
    }

    /// False where the decision names no worker.
    private boolean sendTo(Decision decision) {
        if (!(decision instanceof Decision.Serve(WorkerEndpoint worker))) {
            return false;
        }
        enter(Phase.SENT, state.options.timeouts().firstByte());
        UpstreamAttempt next = new UpstreamAttempt(worker, this);
        attempt = next;
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost(worker.host())
                .setPort(worker.port())
                .setURI(head.uri())
                .setHeaders(ForwardedHeaders.toWorker(request.headers(), head.tenant(), head.id()));
        next.send(loop.client(), options, body.bytes());
        return true;
    }

    /// A worker that closed an idle connection just as we used it is no worse than another.
    private Decision elsewhere(WorkerEndpoint failed, UpstreamFailure failure) {
        Decision other = state.pool.pick(peek, Set.of(failed));
        boolean sameAgain = other instanceof Decision.Reject && failure == UpstreamFailure.CLOSED;
        return sameAgain ? state.pool.pick(peek, Set.of()) : other;
    }

    private void tooLate(UpstreamFailure failure, Duration timeout) {
        if (attempt != null) {
            attempt.abort();
        }
        failed(failure, "no byte for " + timeout.toMillis() + " ms");
    }

    private ServeException bodyTooLate() {
        return new ServeException(
                Failure.REQUEST_TIMEOUT,
                "the request's body was not complete after %d ms: %d bytes came"
                        .formatted(
                                state.options.timeouts().body().toMillis(),
                                body.bytes().length()));
    }

    private void clientIsSlow() {
        if (attempt != null && phase == Phase.ANSWERING) {
            enter(Phase.CLIENT_IS_SLOW, state.options.timeouts().slowClient());
            attempt.pause();
        }
    }

    private void clientCaughtUp() {
        if (attempt != null && phase == Phase.CLIENT_IS_SLOW) {
            enter(Phase.ANSWERING, state.options.timeouts().stall());
            attempt.resume();
        }
    }

    private void clientGone() {
        finish(CLIENT_GONE);
    }

    private void fail(ServeException failure) {
        if (phase == Phase.ENDED) {
            return;
        }
        Relay broken = relay != null && relay.begun() ? relay : null;
        finish(failure.failure().httpStatus());
        if (broken != null) {
            broken.breakOff(failure);
        } else {
            loop.refuse(request, failure, body.complete());
        }
    }

    private void closeConnection() {
        RawConnection.closeNow(request.connection());
    }

    private void finish(int status) {
        if (phase == Phase.ENDED) {
            return;
        }
        phase = Phase.ENDED;
        leaveWorker();
        state.line.giveUp(this);
        if (hasPlace) {
            state.leaveLine();
        }
        if (countsAsStream) {
            state.closeStream();
        }
        body.release();
        double seconds = (state.clock.nanos() - head.startNanos()) / 1e9;
        long sentBytes = relay == null ? 0 : relay.sentBytes();
        state.metrics.bytes(receivedBytes, sentBytes);
        state.metrics.answered(head.route(), status, head.tenant().name(), modelLabel(), seconds);
        loop.ended(this);
        AccessLog.answered(head, status, modelLabel(), seconds, receivedBytes, sentBytes);
    }

    private void leaveWorker() {
        if (attempt != null) {
            attempt.abort();
            state.pool.release(attempt.worker());
            attempt = null;
        }
    }

    private void enter(Phase next, Duration longest) {
        phase = next;
        deadlineNanos = state.clock.nanos() + longest.toNanos();
    }

    private String modelLabel() {
        return peek.model().map(state.modelLabels::of).orElse("default");
    }

    private static WorkerEndpoint workerOf(@Nullable UpstreamAttempt attempt) {
        if (attempt == null) {
            throw new IllegalStateException("no attempt is under way");
        }
        return attempt.worker();
    }
}
