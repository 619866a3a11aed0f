package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.wire.ErrorBody;
import io.llmserve.wire.PrefillAnswer;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The first of two hops: a prefill worker computes the prompt. Its answer is small, and read whole. Owned by
/// one event loop.
final class PrefillHop implements UpstreamAttempt.Listener {
    /// How it ended; told once, and not at all after [#close].
    interface Outcome {
        void prefilled(PrefillHop hop, PrefillAnswer answer, double seconds);

        /// The worker let it down: another one may do better.
        void prefillFailed(PrefillHop hop, UpstreamFailure failure, String why);

        /// The request itself is wrong, or too much: every other worker would say the same.
        void prefillRefused(HttpClientResponse head, Buffer body);
    }

    private static final int MAX_ANSWER_BYTES = 4 << 20;
    private static final int OK = 200;

    private final GatewayState state;
    private final Place place;
    private final String id;
    private final boolean alone;
    private final Outcome outcome;
    private final UpstreamAttempt attempt;
    private final Pieces collected = new Pieces();
    private final long startNanos;
    private @Nullable HttpClientResponse head;
    private boolean over;

    PrefillHop(GatewayState state, Place place, String id, Outcome outcome) {
        this.state = state;
        this.place = place;
        this.id = id;
        this.alone = state.pool.inFlight(place.address()) == 1;
        this.outcome = outcome;
        this.attempt = new UpstreamAttempt(place.address(), this);
        this.startNanos = state.clock.nanos();
    }

    void send(HttpClient client, RequestOptions options, Buffer body) {
        attempt.send(client, options, body);
    }

    HostPort worker() {
        return place.address();
    }

    /// The request's name at both hops.
    String id() {
        return id;
    }

    /// It had nothing else to compute, so that its time says how fast it is.
    boolean wasAlone() {
        return alone;
    }

    void checkDeadline(long nowNanos) {
        Duration longest = state.options.hops().prefill();
        if (!over && nowNanos - startNanos >= longest.toNanos()) {
            failed(UpstreamFailure.FIRST_BYTE, "no answer for " + longest.toMillis() + " ms");
        }
    }

    /// The worker, if still at work, sees its connection close, and frees what it has.
    void close() {
        if (!over) {
            over = true;
            attempt.abort();
            place.release();
        }
    }

    @Override
    public void head(HttpClientResponse response) {
        head = response;
    }

    @Override
    public void chunk(Buffer chunk) {
        collected.add(chunk);
        if (collected.length() > MAX_ANSWER_BYTES) {
            failed(UpstreamFailure.GARBAGE, "an answer of more than " + MAX_ANSWER_BYTES + " bytes for one token");
        }
    }

    @Override
    public void ended() {
        close();
        double seconds = (state.clock.nanos() - startNanos) / 1e9;
        int status = head == null ? 0 : head.statusCode();
        if (status == OK) {
            read(seconds);
        } else if (head != null && status >= 400 && status < 500 && status != 429 && status != 408) {
            outcome.prefillRefused(head, collected.all());
        } else {
            outcome.prefillFailed(this, UpstreamFailure.REFUSED, said(status));
        }
    }

    @Override
    public void failed(UpstreamFailure failure, String why) {
        close();
        outcome.prefillFailed(this, failure, why);
    }

    private void read(double seconds) {
        PrefillAnswer answer;
        try {
            answer = PrefillAnswer.read(collected.all().getBytes());
        } catch (ServeException garbage) {
            outcome.prefillFailed(this, UpstreamFailure.GARBAGE, garbage.messageText());
            return;
        }
        outcome.prefilled(this, answer, seconds);
    }

    private String said(int status) {
        return "it answered " + status
                + ErrorBody.parse(collected.all().getBytes())
                        .map(error -> ": " + error.message())
                        .orElse("");
    }
}
