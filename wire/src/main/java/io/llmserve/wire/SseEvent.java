package io.llmserve.wire;

/// One server-sent event.
///
/// @param event the event's type; empty for the default
/// @param id of this event or the last one that had an id; empty for none
public record SseEvent(String event, String data, String id) {
    /// Whether this is OpenAI's end of a stream.
    public boolean isDone() {
        return data.equals(Sse.DONE_DATA);
    }
}
