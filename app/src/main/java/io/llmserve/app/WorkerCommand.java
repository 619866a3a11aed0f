package io.llmserve.app;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import io.llmserve.manifest.Spec;
import io.llmserve.worker.WorkerOptions;
import io.llmserve.worker.kv.KvOptions;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "worker",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Starts one worker: the embedded engine behind vLLM's worker API, without a gateway.",
            "A prefill worker computes prompts and hands their pages to decode workers, which generate. Any worker also"
                    + " answers whole requests."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  llmserve worker --port 8100 --role prefill --register tcp://127.0.0.1:30001",
            "  llmserve worker --port 8200 --role decode --register tcp://127.0.0.1:30001",
            "",
            "Environment, below the flags: PREFILL_MODE, DECODE_MODE, ENABLE_KV_TRANSFER (true, false),",
            "MODEL_NAME (a model's URI, or the name to serve it under), MAX_BATCH_SIZE; LLMSERVE_MANIFEST (the text of",
            "a manifest, where -f names no file)."
        })
final class WorkerCommand implements Callable<Integer> {
    private static final Duration WARM_UP = Duration.ofSeconds(1);

    @Mixin
    private final ManifestOptions options = new ManifestOptions();

    @Option(names = "--role", paramLabel = "ROLE", description = "prefill, decode or both (both).")
    private @Nullable WorkerRole role;

    @Option(names = "--kv-port", paramLabel = "N", description = "Port for pages (20001; of decode workers 21001).")
    private @Nullable Integer kvPort;

    @Option(
            names = "--register",
            paramLabel = "ADDRESS",
            description = "Where a gateway takes registrations, e.g. tcp://10.0.0.1:30001; may be repeated.")
    private final List<String> gateways = new ArrayList<>();

    @Option(
            names = "--advertise",
            paramLabel = "HOST",
            description = "How gateways and other workers reach this one (the address it listens on).")
    private @Nullable String advertise;

    @Override
    public Integer call() throws InterruptedException {
        Terminal terminal = Terminal.standardError();
        WorkerEnvironment environment = WorkerEnvironment.of(System.getenv());
        Spec spec = options.read(environment.settings(), environment.manifest()).spec();
        WorkerRole chosen = role != null ? role : environment.role().orElse(WorkerRole.BOTH);
        FreePorts.check(spec.server().host(), spec.server().port(), "--port");
        gateways.forEach(WorkerCommand::checkAddress);
        EmbeddedWorker.Setup setup = setup(spec, chosen, environment.kvTransfer());
        StopSignal stop = StopSignal.install(() -> Runtime.getRuntime().halt(ExitCode.DONE));
        try (ModelInMemory model = ModelInMemory.load(spec, new ProgressLine(terminal, Clock.SYSTEM));
                EmbeddedWorker worker = new EmbeddedWorker(
                        model.factory(), model.description(), model.names(), model.language(), setup, WARM_UP)) {
            stop.ready();
            terminal.line("%s worker for %s on http://%s%s"
                    .formatted(
                            chosen.wireName(),
                            worker.model().name(),
                            worker.httpAddress(),
                            worker.kvAddress()
                                    .map(address -> ", pages on " + address)
                                    .orElse("")));
            stop.await();
            worker.drain(spec.server().limits().timeouts().drain());
        }
        terminal.line("Stopped.");
        return ExitCode.DONE;
    }

    private EmbeddedWorker.Setup setup(Spec spec, WorkerRole chosen, boolean kvTransfer) {
        String host = spec.server().host();
        String reached = advertise != null ? advertise : reachable(host);
        WorkerOptions.Trust trust = gateways.isEmpty() ? WorkerOptions.Trust.NOBODY : WorkerOptions.Trust.GATEWAY;
        Optional<KvOptions> kv = kvTransfer
                ? Optional.of(KvOptions.loopback(kvPort != null ? kvPort : usualPort(chosen))
                        .at(host, reached)
                        .with(Settings.transfer(spec.transfer())))
                : Optional.empty();
        return new EmbeddedWorker.Setup(
                chosen,
                Settings.engine(spec),
                Settings.worker(spec, Version.number())
                        .at(host, spec.server().port())
                        .with(trust),
                reached,
                kv,
                gateways,
                new PrometheusRegistry());
    }

    private static int usualPort(WorkerRole role) {
        return role.prefills() ? KvOptions.PREFILL_PORT : KvOptions.DECODE_PORT;
    }

    /// A worker that listens on all addresses is known by its host's.
    private static String reachable(String host) {
        if (!host.equals("0.0.0.0") && !host.equals("::")) {
            return host;
        }
        try {
            return InetAddress.getLocalHost().getHostAddress();
        } catch (UnknownHostException nameless) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "this host does not know its own address (%s); use --advertise".formatted(nameless.getMessage()),
                    nameless);
        }
    }

    private static void checkAddress(String gateway) {
        if (!gateway.matches("tcp://[^/:\\s]+:\\d{1,5}|tcp://\\[[0-9a-fA-F:.]+]:\\d{1,5}")) {
            throw new ServeException(
                    Failure.CONFIGURATION, "--register must be tcp://host:port, got '%s'".formatted(gateway));
        }
    }
}
