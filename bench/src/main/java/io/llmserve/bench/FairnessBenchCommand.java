package io.llmserve.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmserve.admission.share.Prices;
import io.llmserve.admission.share.ShareOptions;
import io.llmserve.bench.fairness.AdmissionCost;
import io.llmserve.bench.fairness.FairnessReport;
import io.llmserve.bench.fairness.FairnessSimulation;
import io.llmserve.bench.fairness.FairnessTable;
import io.llmserve.bench.fairness.Policy;
import io.llmserve.bench.fairness.Traffic;
import io.llmserve.bench.fleet.StepCosts;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `llmserve bench fairness`: eight tenants at one worker in virtual time, under each discipline of room `admission`.
@Command(
        name = "fairness",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Simulates eight tenants at one worker, in virtual time: the same traffic first come first served, in a round"
                    + " over the tenants, under VTC and under fair share.",
            "Costs are those of one worker of docs/benchmarks.md; give those of your own."
        })
public final class FairnessBenchCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WAITING = 10_000;
    private static final int TENANTS = 1_000;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private FleetCostOptions costs;

    @Option(
            names = "--load",
            paramLabel = "N",
            defaultValue = "0.9",
            description = "Of the tenants together; 1 is about what the worker can do. Default: ${DEFAULT-VALUE}")
    private double load;

    @Option(
            names = "--hours",
            paramLabel = "N",
            defaultValue = "4",
            description = "Of virtual time in which requests come. Default: ${DEFAULT-VALUE}")
    private double hours;

    @Option(
            names = "--aging",
            paramLabel = "N",
            defaultValue = "30",
            description =
                    "Work that a second of waiting is worth within a tenant; a prompt token is 1, a generated one 2."
                            + " Default: ${DEFAULT-VALUE}")
    private double aging;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the figures here too.")
    private @Nullable Path json;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try {
            StepCosts measured = costs.costs();
            ShareOptions share = new ShareOptions(Prices.DEFAULT, aging, 0);
            out.println(FairnessTable.HEAD);
            List<FairnessReport> reports = new ArrayList<>();
            for (Traffic.Pattern pattern : Traffic.Pattern.values()) {
                Traffic traffic = new Traffic(pattern, load, 3_600 * hours, seed);
                for (Policy policy : Policy.values()) {
                    FairnessReport report = FairnessSimulation.run(policy, traffic, measured, share);
                    reports.add(report);
                    out.println(FairnessTable.row(report));
                    out.flush();
                }
            }
            out.printf(
                    Locale.ROOT,
                    "%nAdmission itself takes %.1f us a request, with %,d that wait, of %,d tenants.%n",
                    AdmissionCost.microseconds(WAITING, TENANTS, System::nanoTime),
                    WAITING,
                    TENANTS);
            if (json != null) {
                write(json, measured, reports);
            }
            return 0;
        } catch (IllegalArgumentException wrong) {
            throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
        }
    }

    private void write(Path file, StepCosts measured, List<FairnessReport> reports) {
        try {
            JSON.writerWithDefaultPrettyPrinter()
                    .writeValue(
                            file.toFile(),
                            Map.of("costs", measured, "load", load, "hours", hours, "seed", seed, "rows", reports));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
