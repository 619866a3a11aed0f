package io.llmserve.bench;

import io.llmserve.bench.transfer.TransferBenchRun;
import io.llmserve.transfer.data.EngineKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `llmserve bench transfer`: how fast KV pages move between two processes of this host.
@Command(
        name = "transfer",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Moves KV pages between two processes of this host by each data engine, and beside it through a plain socket"
                    + " and by a plain copy. A Markdown table.",
            "NIXL and UCX are looked for as `up` does it; LLMSERVE_LIBRARY_PATH names more folders."
        })
public final class TransferBenchCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--engines",
            split = ",",
            defaultValue = "nixl,ucx,shm,tcp",
            description = "Default: ${DEFAULT-VALUE}")
    private List<String> engines = List.of();

    @Option(
            names = "--page-kb",
            split = ",",
            defaultValue = "64,368,1024,4096",
            description = "Sizes of a page. Default: ${DEFAULT-VALUE}")
    private List<Integer> pageKb = List.of();

    @Option(
            names = "--streams",
            paramLabel = "N",
            defaultValue = "2",
            description = "Connections of the TCP engine. Default: ${DEFAULT-VALUE}")
    private int streams;

    @Option(
            names = "--megabytes",
            paramLabel = "N",
            defaultValue = "64",
            description = "Moved in a round. Default: ${DEFAULT-VALUE}")
    private int megabytes;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "9", description = "Default: ${DEFAULT-VALUE}")
    private int rounds;

    @Override
    public Integer call() {
        if (rounds < 1 || streams < 1 || pageKb.stream().anyMatch(kb -> kb < 1 || kb > 1024 * megabytes)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--rounds, --streams and --page-kb must be at least 1, a page no larger than a round");
        }
        List<EngineKind> kinds = engines.stream().map(this::kind).toList();
        try {
            new TransferBenchRun(streams, megabytes, rounds)
                    .print(kinds, pageKb, spec.commandLine().getOut());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return 0;
    }

    private EngineKind kind(String name) {
        return EngineKind.byName(name)
                .orElseThrow(
                        () -> new ParameterException(spec.commandLine(), "--engines: there is no data engine " + name));
    }
}
