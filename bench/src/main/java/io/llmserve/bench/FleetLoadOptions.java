package io.llmserve.bench;

import io.llmserve.bench.fleet.FleetLoad;
import picocli.CommandLine.Option;

/// What comes to a simulated fleet, for each worker of it.
final class FleetLoadOptions {
    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "0.5",
            description = "Requests a second for each worker. Default: ${DEFAULT-VALUE}")
    private double rate;

    @Option(
            names = "--requests",
            paramLabel = "N",
            defaultValue = "200",
            description = "For each worker. Default: ${DEFAULT-VALUE}")
    private int requests;

    @Option(
            names = "--short",
            paramLabel = "TOKENS",
            defaultValue = "100",
            description = "Mean of short prompts. Default: ${DEFAULT-VALUE}")
    private int shortPrompt;

    @Option(
            names = "--long",
            paramLabel = "TOKENS",
            defaultValue = "1500",
            description = "Mean of long ones. Default: ${DEFAULT-VALUE}")
    private int longPrompt;

    @Option(
            names = "--long-share",
            paramLabel = "SHARE",
            defaultValue = "0.3",
            description = "Of the prompts, 0 to 1. Default: ${DEFAULT-VALUE}")
    private double longShare;

    @Option(
            names = "--output",
            paramLabel = "TOKENS",
            defaultValue = "64",
            description = "Mean of an answer. Default: ${DEFAULT-VALUE}")
    private int output;

    @Option(
            names = "--shared",
            paramLabel = "TOKENS",
            defaultValue = "0",
            description = "Before each prompt, one of --prefixes beginnings. Default: ${DEFAULT-VALUE}")
    private int shared;

    @Option(names = "--prefixes", paramLabel = "N", defaultValue = "8", description = "Default: ${DEFAULT-VALUE}")
    private int prefixes;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Default: ${DEFAULT-VALUE}")
    private long seed;

    FleetLoad load() {
        return new FleetLoad(requests, rate, shortPrompt, longPrompt, longShare, output, shared, prefixes, seed);
    }
}
