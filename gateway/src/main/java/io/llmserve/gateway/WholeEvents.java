package io.llmserve.gateway;

import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/// Cuts a stream of server-sent events only between events, so that whatever ends the stream early, the client
/// never holds half of one and an error event can follow. Chunks that end with an event, which is nearly all,
/// pass as they are. An event ends with an empty line. Owned by one event loop.
final class WholeEvents {
    private static final byte[] DONE = {'[', 'D', 'O', 'N', 'E', ']'};

    private final int maxEventBytes;
    private @Nullable Buffer held;
    private boolean done;

    WholeEvents(int maxEventBytes) {
        this.maxEventBytes = maxEventBytes;
    }

    /// The whole events that `chunk` completes, perhaps none.
    Buffer accept(Buffer chunk) {
        int searched = held == null ? 0 : held.length();
        Buffer all = held == null ? chunk : held.appendBuffer(chunk);
        int end = lastEnd(all, searched);
        if (end > 0) {
            done = endsWithDone(all, end);
        }
        if (end == all.length()) {
            held = null;
            return all;
        }
        Buffer rest = end == 0 && held != null ? all : all.getBuffer(end, all.length());
        Buffer whole = all.getBuffer(0, end);
        held = rest;
        return whole;
    }

    /// More bytes of one event are held than any event has.
    boolean overfull() {
        return held != null && held.length() > maxEventBytes;
    }

    /// The stream is complete: its last event was `[DONE]`, and nothing came after it.
    boolean complete() {
        return done && held == null;
    }

    /// The index after the last empty line that ends at or behind `from`; 0 if there is none.
    private static int lastEnd(Buffer bytes, int from) {
        for (int i = bytes.length() - 1; i >= Math.max(1, from); i--) {
            if (endsEvent(bytes, i)) {
                return i + 1;
            }
        }
        return 0;
    }

    /// Whether an empty line ends with the byte at `i`, which is not the first.
    private static boolean endsEvent(Buffer bytes, int i) {
        if (bytes.getByte(i) != '\n') {
            return false;
        }
        byte before = bytes.getByte(i - 1);
        return before == '\n' || (before == '\r' && i > 1 && bytes.getByte(i - 2) == '\n');
    }

    /// Events in a buffer of whole ones, `[DONE]` not counted.
    static int count(Buffer events) {
        int count = 0;
        for (int i = 1; i < events.length(); i++) {
            if (endsEvent(events, i)) {
                count++;
            }
        }
        return endsWithDone(events, events.length()) ? count - 1 : count;
    }

    private static boolean endsWithDone(Buffer events, int end) {
        int at = end - 1;
        while (at >= 0 && (events.getByte(at) == '\n' || events.getByte(at) == '\r')) {
            at--;
        }
        for (int i = DONE.length - 1; i >= 0; i--, at--) {
            if (at < 0 || events.getByte(at) != DONE[i]) {
                return false;
            }
        }
        return at >= 4 && (events.getByte(at) == ':' || (events.getByte(at) == ' ' && events.getByte(at - 1) == ':'));
    }
}
