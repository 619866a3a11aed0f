package io.llmserve.bench;

import io.llmserve.bench.load.LoadReport;
import io.llmserve.bench.load.LoadRun;
import io.llmserve.bench.load.LoadSettings;
import io.llmserve.bench.load.OpenAiEndpoint;
import io.llmserve.bench.load.ReportTable;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `llmserve bench`: load on an OpenAI endpoint, and what its users would have felt. Ends with 1 when no request
/// came through.
@Command(
        name = "bench",
        subcommands = {
            EngineBenchCommand.class,
            TransferBenchCommand.class,
            FleetBenchCommand.class,
            FairnessBenchCommand.class
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Sends a mix of requests to an OpenAI endpoint and reports latency, throughput and goodput.",
            "Open loop: requests are sent when they are due, whatever becomes of those before them,"
                    + " and latency counts from then."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  llmserve bench --mix long:30 short:70",
            "  llmserve bench --mix chat:1:400:150 --rate 20 --duration 60s --slo-ttft 500ms --slo-itl 50ms",
            "  llmserve bench --url https://host --api-key KEY --concurrency 64 --requests 1000 --json out.json"
        })
public final class BenchCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--url",
            defaultValue = "http://localhost:8000",
            description = "The server. Default: ${DEFAULT-VALUE}")
    private String url = "";

    @Option(
            names = "--api-key",
            defaultValue = "${env:OPENAI_API_KEY:-}",
            paramLabel = "KEY",
            description = "Bearer token. Default: environment variable OPENAI_API_KEY, where set")
    private String apiKey = "";

    @Option(
            names = "--timeout",
            defaultValue = "5m",
            converter = Durations.class,
            description = "For a whole answer. Default: ${DEFAULT-VALUE}")
    private Duration timeout = Duration.ZERO;

    @Mixin
    private final LoadOptions load = new LoadOptions();

    @Option(names = "--json", paramLabel = "FILE", description = "Write the report as JSON too")
    private @Nullable Path json;

    @Override
    public Integer call() throws IOException {
        LoadSettings settings = settings();
        try {
            LoadRun run = new LoadRun(
                    OpenAiEndpoint.of(url, apiKey, timeout),
                    settings,
                    spec.commandLine().getErr());
            LoadReport report = run.execute();
            PrintWriter out = spec.commandLine().getOut();
            out.print(ReportTable.render(report));
            out.flush();
            if (json != null) {
                report.writeJson(json);
            }
            return report.all().counts().complete() > 0 ? 0 : 1;
        } catch (ServeException failed) {
            spec.commandLine().getErr().println("bench: " + failed.messageText());
            return 1;
        }
    }

    private LoadSettings settings() {
        try {
            return load.settings();
        } catch (IllegalArgumentException | ServeException wrong) {
            throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
        }
    }
}
