package io.llmserve.gateway;

import io.llmserve.core.Clock;
import io.llmserve.core.ServeException;
import io.llmserve.wire.ContinuedAnswer;
import io.llmserve.wire.ErrorBody;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Passes on server-sent events as they come, whole ones only, and measures the time between them. A stream is
/// complete when its last event is `[DONE]`; one that is not goes on from another worker where its [Transcript]
/// allows, and else ends for the client with an error event.
final class StreamRelay implements Relay {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final int MAX_EVENT_BYTES = 4 << 20;
    private static final int TELL_EVENTS = 64;

    private final ClientAnswer answer;
    private final Clock clock;
    private final DistributionDataPoint firstToken;
    private final DistributionDataPoint interToken;
    private final @Nullable Transcript transcript;
    private final ClientEnd.Writer writer;
    private WholeEvents events = new WholeEvents(MAX_EVENT_BYTES);
    private final long startNanos;
    private long lastNanos;
    private long sentEvents;
    private long toldEvents;

    /// `startNanos` is when the request's head came; without a `transcript` events pass unread.
    StreamRelay(
            ClientAnswer answer,
            Clock clock,
            long startNanos,
            GatewayMetrics metrics,
            String model,
            @Nullable Transcript transcript,
            ClientEnd.Writer writer) {
        this.writer = writer;
        this.answer = answer;
        this.clock = clock;
        this.startNanos = startNanos;
        this.firstToken = metrics.firstToken(model);
        this.interToken = metrics.interToken(model);
        this.transcript = transcript;
    }

    @Override
    public void chunk(Buffer chunk) {
        Buffer whole = events.accept(chunk);
        if (whole.length() > 0 && transcript != null) {
            whole = transcript.accept(whole);
        }
        if (whole.length() == 0) {
            return;
        }
        long now = clock.nanos();
        if (answer.begun()) {
            interToken.observe((now - lastNanos) / NANOS_PER_SECOND);
        } else {
            firstToken.observe((now - startNanos) / NANOS_PER_SECOND);
        }
        lastNanos = now;
        answer.write(whole);
        count(whole);
    }

    /// Workers send an event for each token.
    private void count(Buffer whole) {
        sentEvents += WholeEvents.count(whole);
        if (sentEvents - toldEvents >= TELL_EVENTS) {
            toldEvents = sentEvents;
            writer.delivered(sentEvents);
        }
    }

    @Override
    public long generatedTokens() {
        return sentEvents;
    }

    @Override
    public boolean overfull() {
        return events.overfull();
    }

    @Override
    public boolean ended() {
        if (!events.complete()) {
            return false;
        }
        answer.end(Buffer.buffer());
        return true;
    }

    @Override
    public boolean begun() {
        return answer.begun();
    }

    @Override
    public long sentBytes() {
        return answer.sentBytes();
    }

    @Override
    public void breakOff(ServeException failure) {
        answer.end(Buffer.buffer(ErrorBody.of(failure).toEvent()));
    }

    @Override
    public Optional<String> brokenOff() {
        return transcript == null ? Optional.empty() : transcript.brokenOff().map(ErrorBody::message);
    }

    /// From now on another worker writes. What the last one left half of an event is forgotten.
    void continueElsewhere(Optional<ContinuedAnswer> reader) {
        if (transcript != null) {
            transcript.continueElsewhere(reader);
        }
        events = new WholeEvents(MAX_EVENT_BYTES);
    }

    /// Ends a stream that lacks nothing else.
    void end(Buffer end) {
        answer.end(end);
    }
}
