package io.llmserve.bench;

import io.llmserve.bench.fleet.StepCosts;
import picocli.CommandLine.Option;

/// What one worker's work costs. Defaults: SmolLM2-135M on two cores, as docs/benchmarks.md has it; batching as
/// the engine does it.
final class FleetCostOptions {
    @Option(
            names = "--step-ms",
            paramLabel = "MS",
            defaultValue = "7.7",
            description = "Of a decode step, whatever is in it. Default: ${DEFAULT-VALUE}")
    private double stepMillis;

    @Option(
            names = "--sequence-ms",
            paramLabel = "MS",
            defaultValue = "3.1",
            description = "Of each stream in a step. Default: ${DEFAULT-VALUE}")
    private double sequenceMillis;

    @Option(
            names = "--prefill-tokens-per-second",
            paramLabel = "N",
            defaultValue = "521",
            description = "One worker alone. Default: ${DEFAULT-VALUE}")
    private double prefillTokensPerSecond;

    @Option(
            names = "--transfer-ms",
            paramLabel = "MS",
            defaultValue = "2",
            description = "Of a transfer, whatever its size. Default: ${DEFAULT-VALUE}")
    private double transferMillis;

    @Option(
            names = "--transfer-gb-per-second",
            paramLabel = "N",
            defaultValue = "2.8",
            description = "Default: ${DEFAULT-VALUE}")
    private double transferGigabytes;

    @Option(
            names = "--kv-bytes-per-token",
            paramLabel = "N",
            defaultValue = "46080",
            description = "Default: ${DEFAULT-VALUE}")
    private double kvBytes;

    @Option(
            names = "--max-sequences",
            paramLabel = "N",
            defaultValue = "32",
            description = "Streams of a worker at once. Default: ${DEFAULT-VALUE}")
    private int maxSequences;

    @Option(
            names = "--chunk",
            paramLabel = "N",
            defaultValue = "512",
            description = "Prompt tokens of a step without streams. Default: ${DEFAULT-VALUE}")
    private int chunk;

    @Option(
            names = "--chunk-beside",
            paramLabel = "N",
            defaultValue = "64",
            description = "Prompt tokens of a step with streams. Default: ${DEFAULT-VALUE}")
    private int chunkBeside;

    StepCosts costs() {
        return new StepCosts(
                stepMillis / 1e3,
                sequenceMillis / 1e3,
                1 / prefillTokensPerSecond,
                transferMillis / 1e3,
                kvBytes / (transferGigabytes * 1e9),
                new StepCosts.Batching(maxSequences, chunk, chunkBeside));
    }
}
