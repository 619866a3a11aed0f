package io.llmserve.gateway;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.wire.ChunkIdentity;
import io.llmserve.wire.ContinuedAnswer;
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
    private final SentTokens sent = new SentTokens();
    private @Nullable ChunkIdentity identity;
    private int[] promptTokens = {};
    private boolean textOnly = true;
    private boolean opened;
    private boolean finished;
    private boolean counted;
    private boolean continued;
    private boolean lost;
    private @Nullable ErrorBody error;
    private @Nullable ContinuedAnswer following;

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

    /// The tokens that have come.
    SentTokens sent() {
        return sent;
    }

    /// As the first worker told them, or the client; none where nobody did.
    int[] promptTokens() {
        return promptTokens;
    }

    void hasPrompt(int[] tokens) {
        promptTokens = tokens;
    }

    /// There was nothing but text in it, such as calls of tools.
    boolean isTextOnly() {
        return textOnly;
    }

    /// Another worker can go on: it is known which tokens the client has.
    boolean canContinue() {
        return !lost;
    }

    /// The client has every token, and no worker is needed for the rest.
    boolean onlyLacksItsEnd() {
        return finished && (counted || !clientWantsUsage || promptTokens.length > 0) && !lost;
    }

    /// The usage, if the client wants it and has it not, and the end.
    Buffer end() {
        Buffer end = Buffer.buffer();
        if (clientWantsUsage && !counted && identity != null) {
            append(identity.usage(promptTokens.length, sent.count()), end);
        }
        return end.appendBytes(DONE);
    }

    /// What follows is written by another worker; `reader` is empty where it tells only what the client has not.
    void continueElsewhere(Optional<ContinuedAnswer> reader) {
        continued = true;
        error = null;
        following = reader.orElse(null);
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
            Optional<byte[]> ours = following == null ? Optional.of(json) : following.next(json);
            if (following != null && following.isAstray()) {
                error = ErrorBody.of(new ServeException(
                        Failure.UPSTREAM, "it does not generate the tokens again that the client has"));
            } else if (ours.isPresent()) {
                chunk(StreamedChunk.read(ours.get()), ours.get(), out);
            }
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
        sent.add(chunk.tokenIds(), chunk.textLength(), following == null || !following.repeats());
        textOnly &= !chunk.saysOther();
        if (chunk.promptTokenIds().length > 0) {
            hasPrompt(chunk.promptTokenIds());
        }
        opened |= chunk.opens();
        finished |= chunk.finishes();
        counted |= !chunk.hasChoice();
        if (!clientWantsIds && !chunk.saysAnything()) {
            return;
        }
        ChunkIdentity first = identity;
        if (first == null) {
            identity = chunk.identity();
        }
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
