package io.llmserve.wire;

import java.nio.charset.StandardCharsets;

/// Framing of server-sent events as OpenAI uses them: `data: <one line of JSON>`, an empty line, and `[DONE]`
/// at the end.
public final class Sse {
    public static final String CONTENT_TYPE = "text/event-stream; charset=utf-8";
    public static final String DONE_DATA = "[DONE]";

    private static final byte[] DATA = ascii("data: ");
    private static final byte[] END = ascii("\n\n");
    private static final byte[] DONE = ascii("data: [DONE]\n\n");

    private Sse() {}

    /// One event; `json` must be a single line.
    public static byte[] event(byte[] json) {
        byte[] event = new byte[DATA.length + json.length + END.length];
        System.arraycopy(DATA, 0, event, 0, DATA.length);
        System.arraycopy(json, 0, event, DATA.length, json.length);
        System.arraycopy(END, 0, event, DATA.length + json.length, END.length);
        return event;
    }

    public static byte[] done() {
        return DONE.clone();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
