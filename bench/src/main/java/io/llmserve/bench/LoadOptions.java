package io.llmserve.bench;

import io.llmserve.bench.load.Arrivals;
import io.llmserve.bench.load.LoadPlan;
import io.llmserve.bench.load.LoadSettings;
import io.llmserve.bench.load.Mix;
import io.llmserve.bench.load.Objectives;
import io.llmserve.bench.load.Shape;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of `llmserve bench` that say what is sent and when.
final class LoadOptions {
    @Option(names = "--model", description = "Default: the first that the server lists")
    private @Nullable String model;

    @Option(
            names = "--mix",
            arity = "1..*",
            paramLabel = "SHAPE",
            description = {
                "long:WEIGHT (1024 tokens in, 64 out), short:WEIGHT (64 in, 128 out) or NAME:WEIGHT:IN:OUT.",
                "Default: long:30 short:70"
            })
    private List<String> mix = List.of("long:30", "short:70");

    @Option(names = "--rate", defaultValue = "2", description = "Requests a second. Default: ${DEFAULT-VALUE}")
    private double rate;

    @Option(names = "--constant", description = "Arrivals at even distances; otherwise Poisson")
    private boolean constant;

    @Option(
            names = "--concurrency",
            paramLabel = "USERS",
            description = "Closed loop instead of --rate: so many users, each waits for its answer")
    private @Nullable Integer concurrency;

    @Option(
            names = "--duration",
            converter = Durations.class,
            description = "No request starts after this. Default: 30s; with --requests, as long as these take")
    private @Nullable Duration duration;

    @Option(names = "--requests", description = "At most so many requests")
    private @Nullable Integer requests;

    @Option(
            names = "--warmup",
            defaultValue = "2",
            description = "Requests sent before, one by one, not counted. Default: ${DEFAULT-VALUE}")
    private int warmup;

    @Option(
            names = "--seed",
            defaultValue = "1",
            description = "Same seed: the same requests at the same moments. Default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(names = "--completions", description = "Use /v1/completions instead of /v1/chat/completions")
    private boolean completions;

    @Option(names = "--no-stream", description = "Ask for answers in one piece")
    private boolean whole;

    @Option(
            names = "--shared-prefix",
            defaultValue = "0",
            paramLabel = "TOKENS",
            description = "So many tokens at the start are the same for all requests of a group")
    private int sharedPrefix;

    @Option(
            names = "--prefix-groups",
            defaultValue = "1",
            description = "How many different shared prefixes there are. Default: ${DEFAULT-VALUE}")
    private int prefixGroups;

    @Option(names = "--slo-ttft", converter = Durations.class, description = "Goodput: first token within this")
    private @Nullable Duration firstToken;

    @Option(
            names = "--slo-itl",
            converter = Durations.class,
            description = "Goodput: mean time between the tokens of a request within this")
    private @Nullable Duration interToken;

    LoadSettings settings() {
        Duration unlimited = Duration.ofDays(1);
        LoadPlan.Extent extent = new LoadPlan.Extent(
                duration != null ? duration : requests != null ? unlimited : Duration.ofSeconds(30),
                requests != null ? requests : Integer.MAX_VALUE);
        return new LoadSettings(
                new LoadPlan(new Mix(mix.stream().map(Shape::parse).toList()), pace(), extent, seed),
                Optional.ofNullable(model),
                new LoadSettings.Form(!completions, !whole, sharedPrefix, prefixGroups),
                warmup,
                new Objectives(Optional.ofNullable(firstToken), Optional.ofNullable(interToken)));
    }

    private LoadPlan.Pace pace() {
        if (concurrency != null) {
            return new LoadPlan.Pace.ClosedLoop(concurrency);
        }
        return new LoadPlan.Pace.OpenLoop(constant ? new Arrivals.Constant(rate) : new Arrivals.Poisson(rate));
    }
}
