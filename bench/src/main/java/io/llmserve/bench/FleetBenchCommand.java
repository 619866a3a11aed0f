package io.llmserve.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmserve.bench.fleet.FleetLoad;
import io.llmserve.bench.fleet.FleetReport;
import io.llmserve.bench.fleet.FleetShape;
import io.llmserve.bench.fleet.FleetSweep;
import io.llmserve.bench.fleet.FleetTable;
import io.llmserve.bench.fleet.StepCosts;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `llmserve bench fleet`: fleets of 1 to 64 workers in virtual time, all together against prefill and decode
/// apart, with costs measured on one real worker.
@Command(
        name = "fleet",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Simulates fleets of workers under the gateway's own router, in virtual time: workers that do everything"
                    + " beside prefill and decode workers, same number, same load. The load grows with the fleet.",
            "Costs are those of one worker of docs/benchmarks.md; give those of your own."
        })
public final class FleetBenchCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--workers",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,2,4,8,16,32,64",
            description = "Sizes of fleets. Default: ${DEFAULT-VALUE}")
    private List<Integer> workers = List.of();

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private FleetCostOptions costs;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private FleetLoadOptions load;

    @Option(
            names = "--policy",
            defaultValue = "least-in-flight",
            description = "least-in-flight or round-robin. Default: ${DEFAULT-VALUE}")
    private String policy = "";

    @Option(
            names = "--slo-ttft",
            paramLabel = "SECONDS",
            defaultValue = "5",
            description = "To the first token of a good request. Default: ${DEFAULT-VALUE}")
    private double firstToken;

    @Option(
            names = "--slo-itl",
            paramLabel = "SECONDS",
            defaultValue = "0.1",
            description = "Mean between tokens of a good request. Default: ${DEFAULT-VALUE}")
    private double gap;

    @Option(
            names = "--kill-every",
            paramLabel = "SECONDS",
            defaultValue = "0",
            description = "Each worker is killed so often, and comes back 5 s later. Default: never")
    private double killEvery;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the figures here too.")
    private @Nullable Path json;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        FleetSweep sweep = sweep();
        out.println(FleetTable.HEAD);
        List<FleetSweep.Row> rows = sweep.run(row -> {
            out.println(FleetTable.row(row));
            out.flush();
        });
        if (json != null) {
            write(json, sweep, rows);
        }
        return 0;
    }

    private FleetSweep sweep() {
        try {
            FleetShape.Policy picked = FleetShape.Policy.byName(policy);
            StepCosts measured = costs.costs();
            FleetLoad each = load.load();
            if (workers.stream().anyMatch(size -> size < 1 || size > 4096)) {
                throw new IllegalArgumentException("--workers must be 1 to 4096, got " + workers);
            }
            return new FleetSweep(
                    workers, measured, each, new FleetReport.Objectives(firstToken, gap), picked, killEvery);
        } catch (IllegalArgumentException wrong) {
            throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
        }
    }

    private static void write(Path file, FleetSweep sweep, List<FleetSweep.Row> rows) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("costs", sweep.costs());
        all.put("load", sweep.load());
        all.put("objectives", sweep.objectives());
        all.put("policy", sweep.policy());
        all.put("rows", rows);
        try {
            JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), all);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
