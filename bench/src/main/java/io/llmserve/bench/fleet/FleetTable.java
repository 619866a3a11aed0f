package io.llmserve.bench.fleet;

import java.util.Locale;

/// Rows of a sweep as Markdown.
public final class FleetTable {
    public static final String HEAD = """
            | workers | fleet | tokens/s | good requests/s | good | TTFT p50, s | p99, s | ITL p50, ms | p99, ms | split |
            |---|---|---|---|---|---|---|---|---|---|""";

    private FleetTable() {}

    public static String row(FleetSweep.Row row) {
        FleetReport report = row.report();
        return String.format(
                Locale.ROOT,
                "| %d | %s | %.0f | %.2f | %.0f %% | %.2f | %.2f | %.0f | %.0f | %d |",
                row.shape().workers(),
                row.shape().label(),
                report.tokensPerSecond(),
                report.goodRequestsPerSecond(),
                100 * report.goodShare(),
                report.firstToken().p50(),
                report.firstToken().p99(),
                1e3 * report.gap().p50(),
                1e3 * report.gap().p99(),
                report.counts().splits());
    }
}
