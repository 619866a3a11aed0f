package io.llmserve.bench.load;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// A report as text for a terminal: counts and rates, then latencies, then what failed.
public final class ReportTable {
    private ReportTable() {}

    public static String render(LoadReport report) {
        StringBuilder out = new StringBuilder();
        LoadReport.Setting setting = report.setting();
        line(
                out,
                "%s  %s  %s  %.1f s  seed %d",
                setting.url(),
                setting.model(),
                setting.pace(),
                report.seconds(),
                setting.seed());
        line(out, "");
        rates(out, report);
        line(out, "");
        latencies(out, report);
        Map<String, Long> errors = new TreeMap<>(report.all().counts().errors());
        if (!errors.isEmpty()) {
            line(out, "");
            line(
                    out,
                    "failed: %s",
                    errors.entrySet().stream()
                            .map(error -> error.getKey() + " " + error.getValue())
                            .collect(Collectors.joining(", ")));
        }
        return out.toString();
    }

    private static void rates(StringBuilder out, LoadReport report) {
        line(
                out,
                "%-12s %8s %8s %8s %10s %12s %10s %13s %12s",
                "shape",
                "requests",
                "failed",
                "req/s",
                "goodput/s",
                "prompt tok",
                "cached",
                "prompt tok/s",
                "output tok/s");
        for (LoadReport.Row row : report.rows()) {
            LoadReport.Counts counts = row.counts();
            LoadReport.Rates rates = row.rates();
            line(
                    out,
                    "%-12s %8d %8d %8.2f %10.2f %12d %10d %13.1f %12.1f",
                    row.shape(),
                    counts.requests(),
                    counts.failed(),
                    rates.requests(),
                    rates.goodput(),
                    counts.promptTokens(),
                    counts.cachedTokens(),
                    rates.promptTokens(),
                    rates.outputTokens());
        }
    }

    private static void latencies(StringBuilder out, LoadReport report) {
        line(
                out,
                "%-12s %-20s %9s %9s %9s %9s %9s %9s",
                "shape",
                "milliseconds",
                "mean",
                "p50",
                "p90",
                "p95",
                "p99",
                "max");
        for (LoadReport.Row row : report.rows()) {
            LoadReport.Latency latency = row.latencyMillis();
            spread(out, row.shape(), "to first token", latency.firstToken());
            spread(out, row.shape(), "between tokens", latency.interToken());
            spread(out, row.shape(), "per output token", latency.perToken());
            spread(out, row.shape(), "end to end", latency.endToEnd());
        }
    }

    private static void spread(StringBuilder out, String shape, String what, LoadReport.Spread spread) {
        if (spread.count() > 0) {
            line(
                    out,
                    "%-12s %-20s %9.1f %9.1f %9.1f %9.1f %9.1f %9.1f",
                    shape,
                    what,
                    spread.mean(),
                    spread.p50(),
                    spread.p90(),
                    spread.p95(),
                    spread.p99(),
                    spread.max());
        }
    }

    private static void line(StringBuilder out, String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
    }
}
