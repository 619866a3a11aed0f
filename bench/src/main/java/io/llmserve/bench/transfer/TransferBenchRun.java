package io.llmserve.bench.transfer;

import io.llmserve.transfer.data.EngineKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/// Measures engines and page sizes one after the other and prints a Markdown table. An engine that does
/// not work here is left out with a line that says so: the one it fell back to has a row of its own.
public record TransferBenchRun(int streams, int megabytes, int rounds) {
    public void print(List<EngineKind> engines, List<Integer> pageKilobytes, PrintWriter out) throws IOException {
        TransferBench bench = new TransferBench(streams, (long) megabytes << 20, rounds);
        out.println("| engine | page, KiB | GB/s | plain socket, GB/s | of it | memcpy, GB/s | of it | one page, us |");
        out.println("|---|---|---|---|---|---|---|---|");
        for (EngineKind engine : engines) {
            for (int kilobytes : pageKilobytes) {
                TransferBench.Figures figures = bench.measure(engine, kilobytes << 10);
                if (figures.engine() != engine) {
                    out.println("%s is not available here".formatted(engine.wireName()));
                    break;
                }
                out.println(row(figures, kilobytes));
                out.flush();
            }
        }
        out.flush();
    }

    private static String row(TransferBench.Figures figures, int kilobytes) {
        return String.format(
                Locale.ROOT,
                "| %s | %d | %.2f | %.2f | %.0f %% | %.2f | %.0f %% | %.0f |",
                figures.engine().wireName(),
                kilobytes,
                figures.engineRate() / 1e9,
                figures.socketRate() / 1e9,
                100 * figures.engineRate() / figures.socketRate(),
                figures.copyRate() / 1e9,
                100 * figures.engineRate() / figures.copyRate(),
                figures.latencyMicros());
    }
}
