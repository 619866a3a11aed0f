package io.llmserve.gateway;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.wire.RequestPeek;
import io.vertx.core.AsyncResult;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One request for a worker, from its head to the end of its answer: read, wait for a place, dispatch. However
/// it ends, it ends once, in [#finish], which gives everything back that the request held. Owned by the event
/// loop of its connection, except where said.
final class Exchange implements Dispatch.Outcome {
    private enum Phase {
        READING,
        WAITING,
        DISPATCHED,
        ENDED
    }

    /// As nginx counts requests whose client went away.
    private static final int CLIENT_GONE = 499;
    /// A larger body is not read on the event loop: 256 KiB are less than a millisecond.
    static final int PEEK_BYTES = 256 << 10;

    private final GatewayLoop loop;
    private final GatewayState state;
    private final HttpServerRequest request;
    private final RequestHead head;
    private final RequestBody body;
    private RequestPeek peek = RequestPeek.NOTHING;
    private Phase phase = Phase.READING;
    private long deadlineNanos;
    private long completeNanos;
    private long receivedBytes;
    private boolean hasPlace;
    private boolean countsAsStream;
    private @Nullable Dispatch dispatch;

    Exchange(GatewayLoop loop, HttpServerRequest request, RequestHead head) {
        this.loop = loop;
        this.state = loop.state();
        this.request = request;
        this.head = head;
        this.body = new RequestBody(state, request, this::failed);
    }

    void begin() {
        loop.began(this);
        request.response().closeHandler(closed -> finish(CLIENT_GONE));
        enter(Phase.READING, state.options.timeouts().body());
        try {
            body.read(this::bodyComplete);
        } catch (ServeException refused) {
            failed(refused);
        }
    }

    /// Ends what waits too long.
    void checkDeadline(long nowNanos) {
        if (dispatch != null) {
            dispatch.checkDeadline(nowNanos);
        } else if (nowNanos - deadlineNanos >= 0) {
            if (phase == Phase.READING) {
                failed(bodyTooLate());
            } else if (phase == Phase.WAITING && state.line.giveUp(this)) {
                failed(state.waitedTooLong());
            }
        }
    }

    /// The gateway stops: ends the exchange with an error that says so. True if there was something to end.
    boolean cut() {
        if (phase == Phase.ENDED) {
            return false;
        }
        failed(GatewayState.shuttingDown());
        return true;
    }

    /// The first in line, and a place is free. Any thread may call.
    void grantPlace() {
        loop.execute(this::admitted);
    }

    @Override
    public void answered(int status) {
        finish(status);
    }

    @Override
    public void failed(ServeException failure) {
        if (phase == Phase.ENDED) {
            return;
        }
        Dispatch broken = dispatch != null && dispatch.begun() ? dispatch : null;
        finish(failure.failure().httpStatus());
        if (broken != null) {
            broken.breakOff(failure);
        } else {
            loop.refuse(request, failure, body.complete());
        }
    }

    @Override
    public void clientTooSlow() {
        finish(CLIENT_GONE);
        RawConnection.closeNow(request.connection());
    }

    private void bodyComplete() {
        completeNanos = state.clock.nanos();
        Buffer bytes = body.bytes();
        receivedBytes = bytes.length();
        if (bytes.length() <= PEEK_BYTES) {
            try {
                enterLine(head.route().peek(bytes.getBytes()));
            } catch (ServeException refused) {
                failed(refused);
            }
        } else {
            loop.compute(() -> head.route().peek(bytes.getBytes()), this::peeked);
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
            failed(refused);
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
        phase = Phase.DISPATCHED;
        dispatch = new Dispatch(loop, request, head, peek, body.bytes(), this);
        dispatch.start();
    }

    private ServeException bodyTooLate() {
        return new ServeException(
                Failure.REQUEST_TIMEOUT,
                "the request's body was not complete after %d ms: %d bytes came"
                        .formatted(
                                state.options.timeouts().body().toMillis(),
                                body.bytes().length()));
    }

    private void finish(int status) {
        if (phase == Phase.ENDED) {
            return;
        }
        phase = Phase.ENDED;
        if (dispatch != null) {
            dispatch.close();
        }
        state.line.giveUp(this);
        if (hasPlace) {
            state.leaveLine();
        }
        if (countsAsStream) {
            state.closeStream();
        }
        body.release();
        double seconds = (state.clock.nanos() - head.startNanos()) / 1e9;
        long sentBytes = dispatch == null ? 0 : dispatch.sentBytes();
        String model = state.modelLabel(peek);
        state.metrics.bytes(receivedBytes, sentBytes);
        state.metrics.answered(head.route(), status, head.tenant().name(), model, seconds);
        loop.ended(this);
        if (AccessLog.isOn()) {
            AccessLog.answered(head, status, model, seconds, receivedBytes, sentBytes);
        }
    }

    private void enter(Phase next, Duration longest) {
        phase = next;
        deadlineNanos = state.clock.nanos() + longest.toNanos();
    }
}
