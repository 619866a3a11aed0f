package io.llmserve.bench.load;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// What a run showed. The JSON form of this record is the file that `--json` writes.
///
/// @param seconds from the first scheduled arrival to the end of the last answer
/// @param rows one for each shape of the mix, then one named `all`
public record LoadReport(Setting setting, double seconds, List<Row> rows) {
    public static final String ALL = "all";

    public LoadReport {
        rows = List.copyOf(rows);
    }

    /// @param pace in words: `poisson 2.0/s`, `constant 2.0/s` or `8 users`
    public record Setting(String url, String model, String pace, boolean streamed, long seed) {}

    public record Row(String shape, Counts counts, Rates rates, Latency latencyMillis) {}

    /// @param errors failed requests by kind
    public record Counts(
            long requests,
            long complete,
            long withinObjectives,
            Map<String, Long> errors,
            long promptTokens,
            long cachedTokens,
            long outputTokens) {
        public Counts {
            errors = Map.copyOf(errors);
        }

        public long failed() {
            return requests - complete;
        }
    }

    /// Per second of the run.
    ///
    /// @param requests complete ones
    /// @param goodput complete ones that met the objectives
    public record Rates(double requests, double goodput, double promptTokens, double outputTokens) {}

    /// Milliseconds.
    ///
    /// @param interToken between pieces of a stream
    /// @param perToken of one request, the mean over its tokens after the first
    /// @param endToEnd from the scheduled arrival to the answer's end
    public record Latency(Spread firstToken, Spread interToken, Spread perToken, Spread endToEnd) {}

    public record Spread(long count, double mean, double p50, double p90, double p95, double p99, double max) {}

    public Row all() {
        return rows.getLast();
    }

    public void writeJson(Path file) throws IOException {
        OpenAiEndpoint.JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), this);
    }
}
