package io.llmserve.bench.fairness;

import java.util.Locale;

/// Reports as Markdown.
public final class FairnessTable {
    public static final String HEAD = """
            | traffic | policy | TTFT mean, s | p99, s | TTFT of the others, mean, s | p99, s | worst tenant, s | slowdown of short ones | Jain's index | tokens/s |
            |---|---|---|---|---|---|---|---|---|---|""";

    private FairnessTable() {}

    public static String row(FairnessReport report) {
        return String.format(
                Locale.ROOT,
                "| %s | %s | %.2f | %.1f | %.2f | %.1f | %.2f | %.1f | %.3f | %.0f |",
                report.pattern().label(),
                report.policy().label(),
                report.firstToken().mean(),
                report.firstToken().p99(),
                report.politeFirstToken().mean(),
                report.politeFirstToken().p99(),
                report.worstTenant(),
                report.shortSlowdown(),
                report.jainsIndex(),
                report.tokensPerSecond());
    }
}
