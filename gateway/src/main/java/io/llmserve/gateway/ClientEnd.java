package io.llmserve.gateway;

import io.llmserve.core.ServeException;
import io.llmserve.wire.ContinuedAnswer;
import io.llmserve.wire.RequestPeek;
import io.llmserve.wire.RequestPeek.Named;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The client's end of an exchange: one answer, whichever workers write it. Owned by one event loop.
final class ClientEnd {
    /// Who writes is told when the client cannot take more, and when it can again.
    interface Writer {
        void clientIsSlow();

        void clientCaughtUp();

        /// A stream has so many tokens by now.
        void delivered(long tokens);
    }

    private final GatewayState state;
    private final HttpServerRequest request;
    private final RequestHead head;
    private final RequestPeek peek;
    private final boolean goesOn;
    private final Writer writer;
    private long refusedBytes;
    private @Nullable Relay relay;
    private @Nullable Transcript transcript;

    /// @param goesOn a stream may go on at another worker: what the client has is kept in mind
    ClientEnd(
            GatewayState state,
            HttpServerRequest request,
            RequestHead head,
            RequestPeek peek,
            boolean goesOn,
            Writer writer) {
        this.state = state;
        this.request = request;
        this.head = head;
        this.peek = peek;
        this.goesOn = goesOn;
        this.writer = writer;
    }

    /// Whether the client has seen any of the answer.
    boolean begun() {
        return relay != null && relay.begun();
    }

    int status() {
        return request.response().getStatusCode();
    }

    long sentBytes() {
        return relay == null ? refusedBytes : relay.sentBytes();
    }

    /// Of the answer, as far as it tells.
    long generatedTokens() {
        return relay == null ? 0 : relay.generatedTokens();
    }

    /// Ends an answer that has begun.
    void breakOff(ServeException failure) {
        if (relay != null) {
            relay.breakOff(failure);
        }
    }

    /// Where the worker's answer goes. Nothing of it is sent before its first bytes.
    Relay open(AnswerLeg from, HttpClientResponse answer) {
        Relay opened = relayFor(from, answer);
        relay = opened;
        return opened;
    }

    /// What takes the answer; null before there is one.
    @Nullable
    Relay relay() {
        return relay;
    }

    /// The client has seen nothing: another worker may begin anew.
    void forget() {
        relay = null;
        transcript = null;
    }

    /// Passes on a refusal that was read whole.
    void refuse(HttpClientResponse answer, Buffer body) {
        refusedBytes = body.length();
        new ClientAnswer(request.response(), answer, () -> {}, () -> {}).end(body);
    }

    /// What the client has of a stream that another worker could go on with; empty where none could.
    Optional<Transcript> continuable() {
        return relay instanceof StreamRelay
                ? Optional.ofNullable(transcript).filter(Transcript::canContinue)
                : Optional.empty();
    }

    /// From now on another worker writes.
    ///
    /// @param answer reads what it says; empty where that can be passed on as it is
    void continueElsewhere(Optional<ContinuedAnswer> answer) {
        if (relay instanceof StreamRelay stream) {
            stream.continueElsewhere(answer);
        }
    }

    /// Ends a stream that lacks nothing else.
    void end(Buffer end) {
        if (relay instanceof StreamRelay stream) {
            stream.end(end);
        }
    }

    private Relay relayFor(AnswerLeg from, HttpClientResponse answer) {
        ClientAnswer client =
                new ClientAnswer(request.response(), answer, writer::clientIsSlow, writer::clientCaughtUp);
        String type = answer.getHeader(HttpHeaders.CONTENT_TYPE);
        if (type == null || !type.startsWith("text/event-stream")) {
            return new WholeRelay(client, () -> RawConnection.closeNow(request.connection()));
        }
        if (goesOn) {
            transcript = new Transcript(peek.tokenIds() == Named.GIVEN, peek.includeUsage());
            from.canGoElsewhere();
        }
        return new StreamRelay(
                client, state.clock, head.startNanos(), state.metrics, state.modelLabel(peek), transcript, writer);
    }
}
