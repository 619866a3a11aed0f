package io.llmserve.gateway;

import io.llmserve.admission.Pass;
import io.llmserve.admission.Request;
import io.llmserve.admission.TenantTerms;
import io.llmserve.admission.Usage;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.wire.RequestPeek;
import io.vertx.core.AsyncResult;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// One request for a worker, from its head to the end of its answer: read, wait for a place, dispatch. However
/// it ends, it ends once, in [#finish], which gives everything back that the request held. Owned by the event
/// loop of its connection, except where said.
final class Exchange implements Dispatch.Outcome, FairLine.Guest {
    private enum Phase {
        READING,
        WAITING,
        DISPATCHED,
        ENDED
    }

    /// As nginx counts requests whose client went away.
    private static final int CLIENT_GONE = 499;
    private static final int OK = 200;
    /// Tokens of an answer whose length the client leaves open; models that we know have no longer context.
    private static final long LONGEST_ANSWER = 1 << 17;
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
    private long promptTokens;
    private @Nullable Pass pass;
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
        deadlineNanos = state.clock.nanos() + state.options.timeouts().body().toNanos();
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
        } else if (phase == Phase.READING && nowNanos - deadlineNanos >= 0) {
            failed(bodyTooLate());
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

    @Override
    public void granted() {
        loop.execute(this::admitted);
    }

    @Override
    public void turnedAway(ServeException why) {
        loop.execute(() -> failed(why));
    }

    @Override
    public void delivered(long tokens) {
        if (pass != null) {
            state.line.delivered(pass, tokens);
        }
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
        phase = Phase.WAITING;
        promptTokens = state.pool.tokens(body.bytes().length());
        FairLine.Entered entered = state.line.enter(this, asked());
        pass = entered.pass();
        if (entered.placed()) {
            admitted();
        }
    }

    /// The prompt is not tokenised here: its length is an estimate, from what workers have told of others.
    private Request asked() {
        OptionalLong most = OptionalLong.empty();
        if (!head.route().generates()) {
            most = OptionalLong.of(0);
        } else if (peek.maxTokens().isPresent()) {
            most = OptionalLong.of(Math.min(
                    LONGEST_ANSWER, (long) peek.choices() * peek.maxTokens().getAsInt()));
        }
        return new Request(head.tenant().name(), TenantTerms.DEFAULT, 0, promptTokens, 0, most, LONGEST_ANSWER, 0, 0);
    }

    private void admitted() {
        if (phase == Phase.ENDED || state.cutting()) {
            return; // whoever ended it, or is about to, gives the place back
        }
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
        if (pass != null) {
            state.line.leave(pass, usage(status));
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

    /// Who is refused, or given nothing because of a fault, pays nothing; who leaves, what was done for it.
    private Usage usage(int status) {
        long generated = dispatch == null ? 0 : dispatch.generatedTokens();
        boolean left = status == CLIENT_GONE && dispatch != null;
        if (generated == 0 && status != OK && !left) {
            return Usage.NOTHING;
        }
        return new Usage(promptTokens, 0, generated, status == OK && generated > 0);
    }
}
