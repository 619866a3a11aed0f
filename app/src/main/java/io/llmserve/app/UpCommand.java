package io.llmserve.app;

import io.llmserve.core.Clock;
import io.llmserve.gateway.ApiKey;
import io.llmserve.manifest.FlatManifest;
import io.llmserve.manifest.Manifest;
import io.llmserve.manifest.Spec;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "up",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Starts the whole system: fetches the model where it is not here yet, loads it, starts the workers, and serves"
                    + " the OpenAI API.",
            "Without a manifest it serves a small model to this machine only. Flags stand above the manifest."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  llmserve up",
            "  llmserve up --port 9000 --threads 4",
            "  llmserve up --model hf://Qwen/Qwen2.5-0.5B-Instruct",
            "  llmserve up --model file:/models/my-model.gguf --kv-size 2GiB",
            "  llmserve up --prefill 2 --decode 3",
            "  llmserve up -f llmserve.yaml"
        })
final class UpCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(UpCommand.class);

    @Mixin
    private final ManifestOptions options = new ManifestOptions();

    @Mixin
    private final FleetOptions fleet = new FleetOptions();

    @Override
    public Integer call() throws InterruptedException {
        Terminal terminal = Terminal.standardError();
        Manifest manifest = options.read(fleet.settings(options.hasFile()));
        Spec spec = manifest.spec();
        List<ApiKey> keys = new Secrets(System.getenv()).keys(spec.security());
        FreePorts.check(spec.server().host(), spec.server().port(), "--port");
        FreePorts.check(spec.server().host(), spec.server().metricsPort(), "--metrics-port");
        warnOfOpenDoor(terminal, spec);
        StopSignal stop = StopSignal.install(() -> endAtOnce(terminal));
        ProgressLine progress = new ProgressLine(terminal, Clock.SYSTEM);
        int exitCode;
        try (LocalStack stack = new LocalStack(spec, keys, progress)) {
            stop.ready();
            exitCode = serve(terminal, manifest, stack, stop);
            if (exitCode != ExitCode.DONE) {
                endWithoutClosing(terminal, exitCode);
            }
        }
        terminal.line("Stopped.");
        return exitCode;
    }

    /// Returns the exit code.
    private static int serve(Terminal terminal, Manifest manifest, LocalStack stack, StopSignal stop)
            throws InterruptedException {
        new Banner(manifest.spec(), stack).lines(terminal).forEach(terminal::line);
        Optional<InstanceRegistry.Entry> entry = register(manifest);
        try (StartTuning _ = StartTuning.begin(manifest.spec(), stack.modelFiles())) {
            stop.await();
            return drain(
                    terminal,
                    stack,
                    manifest.spec().server().limits().timeouts().drain());
        } finally {
            entry.ifPresent(UpCommand::deregister);
        }
    }

    private static int drain(Terminal terminal, LocalStack stack, Duration limit) {
        int running = stack.openRequests();
        if (running > 0) {
            terminal.line("Finishing %d running answers, for at most %d s; Ctrl-C again cuts them."
                    .formatted(running, limit.toSeconds()));
        }
        int cut = stack.drain(limit);
        boolean hurried = Thread.interrupted(); // a second signal; closing goes on undisturbed
        if (cut == 0) {
            return ExitCode.DONE;
        }
        terminal.line("Cut %d answers.".formatted(cut));
        return hurried ? ExitCode.CUT : ExitCode.FAILED;
    }

    /// While it starts, there is nothing to tidy up: files appear whole or not at all, and a download goes on next
    /// time.
    private static void endAtOnce(Terminal terminal) {
        terminal.line(terminal.interactive() ? "\r\033[KStopped before it was ready." : "Stopped before it was ready.");
        Runtime.getRuntime().halt(ExitCode.DONE);
    }

    /// Answers were cut: closing their connections would wait for clients that do not read.
    private static void endWithoutClosing(Terminal terminal, int exitCode) {
        terminal.line("Stopped.");
        Runtime.getRuntime().halt(exitCode);
    }

    private static void warnOfOpenDoor(Terminal terminal, Spec spec) {
        if (spec.security().apiKeys().isEmpty()
                && !Addresses.onlyThisMachine(spec.server().host())) {
            terminal.line("Warning: anybody who reaches %s may use this server; spec.security.api_keys closes it."
                    .formatted(spec.server().host()));
        }
    }

    private static Optional<InstanceRegistry.Entry> register(Manifest manifest) {
        try {
            return Optional.of(InstanceRegistry.ofUser().register(FlatManifest.of(manifest)));
        } catch (IOException failure) {
            LOG.info("`llmserve status` will not see this instance: {}", failure.toString());
            return Optional.empty();
        }
    }

    private static void deregister(InstanceRegistry.Entry entry) {
        try {
            entry.close();
        } catch (IOException failure) {
            LOG.info("the entry of this instance stays behind: {}", failure.toString());
        }
    }
}
