package io.llmserve.app;

import io.llmserve.control.Launch;
import io.llmserve.control.PlannedWorker;
import io.llmserve.control.Ports;
import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.manifest.ManifestText;
import io.llmserve.manifest.Spec;
import io.llmserve.worker.kv.KvOptions;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// `llmserve worker` for each worker of a manifest: this program again, with the manifest in its environment and, as
/// flags above it, what is the worker's own. Starts nothing.
///
/// @param gatewayPort where the workers register
record WorkerLaunch(Spec spec, Ports ports, int gatewayPort) {
    static final String LOOPBACK = "127.0.0.1";

    /// Those that prefill first.
    List<PlannedWorker> all() {
        List<WorkerRole> roles = spec.deployment().roles();
        Map<WorkerRole, Integer> counts = new EnumMap<>(WorkerRole.class);
        List<PlannedWorker> planned = new ArrayList<>();
        for (WorkerRole role : roles) {
            int index = counts.getOrDefault(role, 0);
            counts.put(role, index + 1);
            planned.add(one(role, index, roles.size()));
        }
        return planned;
    }

    private PlannedWorker one(WorkerRole role, int index, int workers) {
        HostPort http = new HostPort(LOOPBACK, ports.next());
        List<String> command = program();
        command.addAll(List.of("worker", "--role", role.wireName()));
        command.addAll(List.of("--host", LOOPBACK, "--port", Integer.toString(http.port())));
        if (spec.deployment().disaggregated()) {
            int usual = role.prefills() ? KvOptions.PREFILL_PORT : KvOptions.DECODE_PORT;
            command.addAll(List.of("--kv-port", Integer.toString(ports.prefer(usual + index))));
        }
        command.addAll(List.of("--register", "tcp://%s:%d".formatted(LOOPBACK, gatewayPort)));
        command.addAll(List.of("--threads", Integer.toString(threads(workers))));
        String name = (role.prefills() && !role.decodes() ? "prefill-" : "decode-") + index;
        return new PlannedWorker(role, new Launch(name, command, environment(), health(http)), http);
    }

    private static URI health(HostPort http) {
        return URI.create("http://" + http + "/health");
    }

    /// Each worker's share of the cores, where the manifest does not say.
    private int threads(int workers) {
        return spec.engine()
                .threads()
                .orElseGet(() -> Math.max(1, Runtime.getRuntime().availableProcessors() / workers));
    }

    /// What the variables of this process would say of a worker is said by the flags, or by the manifest.
    private Map<String, String> environment() {
        return Map.of(
                WorkerEnvironment.MANIFEST,
                ManifestText.of(spec),
                "ENABLE_KV_TRANSFER",
                Boolean.toString(spec.deployment().disaggregated()),
                "PREFILL_MODE",
                "",
                "DECODE_MODE",
                "",
                "MODEL_NAME",
                "",
                "MAX_BATCH_SIZE",
                "");
    }

    /// This JVM, with its options but for those that are about this one process.
    private static List<String> program() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-Dllmserve.") && !option.startsWith("-agentlib"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        return command;
    }
}
