package io.llmserve.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;

/// Reads a streamed answer as its bytes arrive: the time of each piece of text, the usage, and whether it came
/// whole. One owner at a time.
final class StreamedAnswer {
    /// Beyond this a line is no event of a completion.
    private static final int MAX_LINE_BYTES = 1 << 20;

    private static final byte[] DATA = {'d', 'a', 't', 'a', ':'};

    private byte[] line = new byte[512];
    private int length;
    private long[] chunks = new long[64];
    private int chunkCount;
    private Outcome.Usage usage = Outcome.Usage.NONE;
    private String error = "";
    private boolean done;

    /// Takes the next bytes of the body, which arrived at `nanos`.
    void accept(java.nio.ByteBuffer bytes, long nanos) {
        while (bytes.hasRemaining()) {
            byte next = bytes.get();
            if (next == '\n') {
                endOfLine(nanos);
            } else if (length == MAX_LINE_BYTES) {
                error = "line_too_long";
                length = 0;
            } else {
                if (length == line.length) {
                    line = Arrays.copyOf(line, length * 2);
                }
                line[length++] = next;
            }
        }
    }

    private void endOfLine(long nanos) {
        int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        if (end > DATA.length && Arrays.equals(line, 0, DATA.length, DATA, 0, DATA.length)) {
            int from = line[DATA.length] == ' ' ? DATA.length + 1 : DATA.length;
            event(from, end, nanos);
        }
        length = 0;
    }

    private void event(int from, int end, long nanos) {
        if (line[from] == '[') {
            done = true;
            return;
        }
        try {
            JsonNode event = OpenAiEndpoint.JSON.readTree(line, from, end - from);
            if (event.has("error")) {
                error = "error_event";
            }
            if (hasText(event.path("choices").path(0))) {
                addChunk(nanos);
            }
            JsonNode counted = event.path("usage");
            if (counted.isObject()) {
                usage = usage(counted);
            }
        } catch (IOException malformed) {
            error = "malformed_event";
        }
    }

    private static boolean hasText(JsonNode choice) {
        JsonNode delta = choice.path("delta");
        return !choice.path("text").asText("").isEmpty()
                || !delta.path("content").asText("").isEmpty()
                || !delta.path("reasoning_content").asText("").isEmpty();
    }

    private void addChunk(long nanos) {
        if (chunkCount == chunks.length) {
            chunks = Arrays.copyOf(chunks, chunkCount * 2);
        }
        chunks[chunkCount++] = nanos;
    }

    static Outcome.Usage usage(JsonNode usage) {
        return new Outcome.Usage(
                usage.path("prompt_tokens").asInt(),
                usage.path("prompt_tokens_details").path("cached_tokens").asInt(),
                usage.path("completion_tokens").asInt());
    }

    /// What became of the request, now that its body has ended. A server that reports no usage: a piece counts as a
    /// token.
    Outcome outcome(Shape shape, long scheduled, long end) {
        if (!error.isEmpty() || !done) {
            return Outcome.failed(shape, scheduled, end, error.isEmpty() ? "incomplete_stream" : error);
        }
        Outcome.Usage counted = usage.equals(Outcome.Usage.NONE) ? new Outcome.Usage(0, 0, chunkCount) : usage;
        return new Outcome(shape, new Outcome.Timing(scheduled, Arrays.copyOf(chunks, chunkCount), end), counted, "");
    }
}
