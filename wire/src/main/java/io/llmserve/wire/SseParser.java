package io.llmserve.wire;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/// Cuts a stream of bytes, as it comes, into server-sent events (WHATWG HTML, section 9.2.6: any of the three
/// line ends, comments, several `data` lines, a byte order mark). For one thread.
public final class SseParser {
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final int maxEventBytes;
    private final Consumer<SseEvent> events;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final StringBuilder data = new StringBuilder();
    private String event = "";
    private String id = "";
    private boolean dataGiven;
    private boolean afterCarriageReturn;
    private boolean firstLine = true;
    private int eventBytes;

    /// @param maxEventBytes an event larger than this is an UPSTREAM failure
    public SseParser(int maxEventBytes, Consumer<SseEvent> events) {
        this.maxEventBytes = maxEventBytes;
        this.events = events;
    }

    public void feed(byte[] bytes) {
        feed(bytes, 0, bytes.length);
    }

    public void feed(byte[] bytes, int from, int length) {
        for (int i = from; i < from + length; i++) {
            byte value = bytes[i];
            boolean secondOfPair = value == '\n' && afterCarriageReturn;
            afterCarriageReturn = value == '\r';
            if (secondOfPair) {
                continue;
            }
            if (value == '\n' || value == '\r') {
                endLine();
            } else {
                append(value);
            }
        }
    }

    /// Whether bytes have come that belong to no event yet: a stream that ends here was cut.
    public boolean isWithinEvent() {
        return line.size() > 0 || dataGiven;
    }

    private void append(byte value) {
        if (++eventBytes > maxEventBytes) {
            throw new ServeException(
                    Failure.UPSTREAM,
                    "A server-sent event has more than the %d bytes allowed.".formatted(maxEventBytes));
        }
        line.write(value);
    }

    private void endLine() {
        byte[] bytes = line.toByteArray();
        line.reset();
        int start = firstLine && startsWithMark(bytes) ? BYTE_ORDER_MARK.length : 0;
        firstLine = false;
        if (bytes.length == start) {
            dispatch();
        } else {
            field(new String(bytes, start, bytes.length - start, StandardCharsets.UTF_8));
        }
    }

    private void field(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        String value = colon < 0 ? "" : text.substring(colon + 1);
        if (value.startsWith(" ")) {
            value = value.substring(1);
        }
        switch (name) {
            case "data" -> {
                if (dataGiven) {
                    data.append('\n');
                }
                data.append(value);
                dataGiven = true;
            }
            case "event" -> event = value;
            case "id" -> id = value.indexOf('\0') < 0 ? value : id;
            default -> {
                // A comment, `retry`, or a field that the standard says to ignore.
            }
        }
    }

    private void dispatch() {
        eventBytes = 0;
        if (dataGiven) {
            SseEvent complete = new SseEvent(event, data.toString(), id);
            data.setLength(0);
            dataGiven = false;
            event = "";
            events.accept(complete);
        } else {
            event = "";
        }
    }

    private static boolean startsWithMark(byte[] bytes) {
        return bytes.length >= BYTE_ORDER_MARK.length
                && java.util.Arrays.equals(
                        bytes, 0, BYTE_ORDER_MARK.length, BYTE_ORDER_MARK, 0, BYTE_ORDER_MARK.length);
    }
}
