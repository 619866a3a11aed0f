package io.llmserve.bench.load;

import static io.llmserve.core.Checks.check;

/// What became of one request. An answer counts only when it came whole: `error` is empty then, and otherwise names
/// the kind of failure in few words, so that equal failures can be counted (`http_429`, `timeout`, `connection`).
public record Outcome(Shape shape, Timing timing, Usage usage, String error) {

    /// Nanoseconds on the run's clock.
    ///
    /// @param scheduled when the plan wanted it sent: latencies count from here, so that a client or server that
    /// stalls cannot hide the wait of those behind it (coordinated omission)
    /// @param chunks when each piece of text arrived; empty where the answer was not streamed
    public record Timing(long scheduled, long[] chunks, long end) {
        public Timing {
            check(end >= scheduled, "ended %d ns before it was due", scheduled - end);
        }
    }

    /// Tokens as the server counts them.
    public record Usage(int promptTokens, int cachedTokens, int outputTokens) {
        public static final Usage NONE = new Usage(0, 0, 0);
    }

    public static Outcome failed(Shape shape, long scheduled, long end, String error) {
        return new Outcome(shape, new Timing(scheduled, new long[0], end), Usage.NONE, error);
    }

    public boolean complete() {
        return error.isEmpty();
    }
}
