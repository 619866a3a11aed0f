package io.llmserve.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmserve.bench.engine.CaseChoice;
import io.llmserve.bench.engine.EngineBench;
import io.llmserve.bench.engine.Figure;
import io.llmserve.core.Clock;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelReader;
import io.llmserve.models.ModelStore;
import io.llmserve.models.ModelUri;
import io.llmserve.models.PullListener;
import io.llmserve.models.TensorSource;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `llmserve bench engine`: the embedded engine without a server, one JSON object a line.
@Command(
        name = "engine",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measures the embedded engine without a server: prefill, decode of 1 to 16 streams, first token with a"
                    + " cached prefix, inter-token latency while prompts arrive, memory.",
            "One JSON object a line. bench/engine-vs-llamacpp.py runs it beside llama.cpp."
        })
public final class EngineBenchCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--model", paramLabel = "URI", description = "Default: the model that `up` serves")
    private @Nullable String model;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that compute. Default: one for each core")
    private @Nullable Integer threads;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Figures for each case. Default: ${DEFAULT-VALUE}")
    private int rounds;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            defaultValue = "1",
            description = "Rounds before these that are not shown. Default: ${DEFAULT-VALUE}")
    private int warmup;

    @Option(
            names = "--case",
            paramLabel = "PREFIX",
            split = ",",
            description = "Only cases whose name begins so: prefill, decode_1_, decode_16, ttft, mixed. Default: all")
    private List<String> cases = List.of();

    @Override
    public Integer call() {
        int computing = threads != null ? threads : Runtime.getRuntime().availableProcessors();
        if (computing < 1 || rounds < 1 || warmup < 0) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--threads and --rounds must be at least 1 and --warmup at least 0, got %d, %d and %d"
                            .formatted(computing, rounds, warmup));
        }
        ModelUri uri = model != null ? ModelUri.parse(model) : ModelUri.DEFAULT;
        ModelDescription description =
                ModelReader.open(ModelStore.of(System.getenv()).pull(uri, PullListener.SILENT));
        try (TensorSource _ = description.tensors()) {
            new EngineBench(description, computing, rounds, warmup, new CaseChoice(cases))
                    .run(processStartNanos(), this::print);
        }
        return 0;
    }

    private void print(Figure figure) {
        try {
            PrintWriter out = spec.commandLine().getOut();
            out.println(JSON.writeValueAsString(figure.line("llmserve")));
            out.flush();
        } catch (JsonProcessingException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /// When the operating system started this process, on the clock of [Clock#nanos()].
    private static long processStartNanos() {
        Instant now = Clock.SYSTEM.now();
        Instant start = ProcessHandle.current().info().startInstant().orElse(now);
        return Clock.SYSTEM.nanos() - Duration.between(start, now).toNanos();
    }
}
