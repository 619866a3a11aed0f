package io.llmserve.gateway;

import io.llmserve.core.ServeException;
import io.llmserve.wire.ErrorBody;
import io.llmserve.wire.StreamedChunk;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What one streamed answer has brought so far, so that another worker can go on with it. Reads whole events on
/// their way to the client, takes out the token ids that only the gateway asked for, and lets the client see one
/// answer, whoever wrote it. Owned by one event loop.
final class Transcript {
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final int SERVERS_FAULT = 500;

    private final boolean clientWantsIds;
    private final boolean clientWantsUsage;
    private int[] sent = new int[64];
    private int sentCount;
    private byte @Nullable [] head;
    private boolean opened;
    private boolean finished;
    private boolean counted;
    private boolean continued;
    private boolean lost;
    private @Nullable ErrorBody error;

    Transcript(boolean clientWantsIds, boolean clientWantsUsage) {
        this.clientWantsIds = clientWantsIds;
        this.clientWantsUsage = clientWantsUsage;
    }

    /// What the client gets of these events. Where the worker reports a failure of its own, the events end before
    /// it: see [#brokenOff].
    Buffer accept(Buffer events) {
        if (lost) {
            return events;
        }
        byte[] bytes = events.getBytes();
        Buffer out = Buffer.buffer(bytes.length);
        int start = 0;
        for (int end = endOfEvent(bytes, 0); end > 0 && error == null; end = endOfEvent(bytes, start)) {
            event(bytes, start, end, out);
            start = end;
        }
        return out;
    }

    /// The ids of all tokens that the client has.
    int[] sent() {
        return Arrays.copyOf(sent, sentCount);
    }

    /// Another worker can go on: it is known which tokens the client has.
    boolean canContinue() {
        return !lost;
    }

    /// The client has everything but the end of the stream, and no worker is needed for that.
    boolean onlyLacksDone() {
        return finished && (counted || !clientWantsUsage) && !lost;
    }

    static Buffer done() {
        return Buffer.buffer(DONE);
    }

    /// What follows is written by another worker.
    void continueElsewhere() {
        continued = true;
        error = null;
    }

    /// The worker said, within its stream, that it cannot go on.
    Optional<ErrorBody> brokenOff() {
        return Optional.ofNullable(error);
    }

    private void event(byte[] bytes, int start, int end, Buffer out) {
        int from = start + DATA.length;
        boolean isJson = end - start > DATA.length + 2
                && Arrays.equals(bytes, start, from, DATA, 0, DATA.length)
                && bytes[from] == '{';
        if (!isJson) {
            out.appendBytes(bytes, start, end - start);
            return;
        }
        int to = end;
        while (bytes[to - 1] == '\n' || bytes[to - 1] == '\r') {
            to--;
        }
        byte[] json = Arrays.copyOfRange(bytes, from, to);
        try {
            chunk(StreamedChunk.read(json), json, out);
        } catch (ServeException strange) {
            lost = true;
            append(json, out);
        }
    }

    private void chunk(StreamedChunk chunk, byte[] json, Buffer out) {
        if (chunk.isError()) {
            errorEvent(json, out);
            return;
        }
        if (chunk.isOfSeveral()
                || (chunk.hasChoice() && chunk.saysAnything() && !chunk.opens() && !chunk.hasTokenIds())) {
            lost = true; // several choices, or a worker that does not tell its tokens
        }
        if (continued && isRepeated(chunk)) {
            return;
        }
        keep(chunk.tokenIds());
        opened |= chunk.opens();
        finished |= chunk.finishes();
        counted |= !chunk.hasChoice();
        if (!clientWantsIds && !chunk.saysAnything()) {
            return;
        }
        byte[] first = head;
        if (first == null) {
            head = chunk.head();
        }
        // The head of the first worker's chunks: its id and time are those of the answer.
        append(chunk.rewritten(continued ? first : null, clientWantsIds && !(continued && chunk.opens())), out);
    }

    /// What the client has seen from another worker: the opening of the turn, the end of the choice.
    private boolean isRepeated(StreamedChunk chunk) {
        return (chunk.opens() && opened && chunk.tokenIds().length == 0 && !chunk.finishes())
                || (chunk.hasChoice() && finished);
    }

    private void errorEvent(byte[] json, Buffer out) {
        Optional<ErrorBody> said = ErrorBody.parse(json);
        if (said.isPresent()
                && (said.get().code() >= SERVERS_FAULT || said.get().code() == 0)) {
            error = said.get();
        } else {
            append(json, out);
        }
    }

    private void keep(int[] ids) {
        if (sentCount + ids.length > sent.length) {
            sent = Arrays.copyOf(sent, Math.max(sent.length * 2, sentCount + ids.length));
        }
        System.arraycopy(ids, 0, sent, sentCount, ids.length);
        sentCount += ids.length;
    }

    private static void append(byte[] json, Buffer out) {
        out.appendBytes(DATA).appendBytes(json).appendByte((byte) '\n').appendByte((byte) '\n');
    }

    /// Behind the next empty line; 0 where there is none.
    private static int endOfEvent(byte[] bytes, int from) {
        for (int i = from + 1; i < bytes.length; i++) {
            if (bytes[i] == '\n' && (bytes[i - 1] == '\n' || (bytes[i - 1] == '\r' && i > 1 && bytes[i - 2] == '\n'))) {
                return i + 1;
            }
        }
        return 0;
    }
}
