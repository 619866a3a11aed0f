package io.llmserve.control;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.manifest.Spec;
import io.llmserve.manifest.Vllm;
import java.io.File;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// The vLLM processes that a manifest asks for: each with its flags, ports, and share of the machine. Starts
/// nothing.
public final class VllmWorkers {
    private static final String LOOPBACK = "127.0.0.1";

    private final Spec spec;
    private final VllmModel model;
    private final Hardware hardware;
    private final Map<String, String> environment;
    private final Path home;
    private final boolean onCpu;

    /// @param environment of this process
    /// @param home folder of LLMServe's own files
    public VllmWorkers(Spec spec, Hardware hardware, Map<String, String> environment, Path home) {
        this.spec = spec;
        this.model = VllmModel.of(spec.models().primary());
        this.hardware = hardware;
        this.environment = Map.copyOf(environment);
        this.home = home;
        this.onCpu = switch (spec.vllm().device()) {
            case AUTO -> !hardware.hasGpus();
            case GPU -> false;
            case CPU -> true;
        };
    }

    /// CONFIGURATION where vLLM, its model or enough GPUs are not there, or vLLM is too old.
    public List<PlannedWorker> plan(Ports ports) {
        Path program = Program.vllm(spec.vllm().command(), environment.getOrDefault("PATH", ""));
        VllmVersion.check(program);
        int prefill = spec.deployment().prefillWorkers();
        int decode = spec.deployment().decodeWorkers();
        WorkerRole generating = prefill > 0 ? WorkerRole.DECODE : WorkerRole.BOTH;
        HostPort events = new HostPort(LOOPBACK, ports.next());
        List<PlannedWorker> workers = new ArrayList<>();
        for (int index = 0; index < prefill + decode; index++) {
            WorkerRole role = index < prefill ? WorkerRole.PREFILL : generating;
            String name = role == WorkerRole.PREFILL ? "prefill-" + index : "decode-" + (index - prefill);
            workers.add(worker(program, role, name, index, prefill + decode, events, ports));
        }
        return workers;
    }

    private PlannedWorker worker(
            Path program, WorkerRole role, String name, int index, int workers, HostPort events, Ports ports) {
        HostPort http = new HostPort(LOOPBACK, ports.next());
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(
                new VllmArguments(spec, model, onCpu).of(role, http, events, new HostPort(LOOPBACK, ports.next())));
        Map<String, String> variables = new HashMap<>(common(program));
        if (role != WorkerRole.BOTH) {
            variables.put("VLLM_NIXL_SIDE_CHANNEL_HOST", LOOPBACK);
            variables.put("VLLM_NIXL_SIDE_CHANNEL_PORT", Integer.toString(ports.next()));
        }
        variables.putAll(share(index, workers));
        spec.vllm()
                .env()
                .forEach(variable ->
                        variables.put(variable.name(), variable.value().orElse("")));
        Launch launch = new Launch(name, command, variables, URI.create("http://" + http + "/health"));
        return new PlannedWorker(role, launch, http);
    }

    private Map<String, String> common(Path program) {
        Map<String, String> variables = new HashMap<>();
        // vLLM starts compilers that lie beside it.
        variables.put("PATH", joined(String.valueOf(program.getParent()), environment.getOrDefault("PATH", "")));
        variables.put("PYTHONUNBUFFERED", "1");
        variables.put("VLLM_NO_USAGE_STATS", "1");
        if (model.local()) {
            variables.put("HF_HUB_OFFLINE", "1");
        }
        if (onCpu) {
            String plugin = CpuPlugin.unpack(home).toString();
            variables.put("PYTHONPATH", joined(plugin, environment.getOrDefault("PYTHONPATH", "")));
        }
        return variables;
    }

    /// The cores or GPUs of one worker.
    private Map<String, String> share(int index, int workers) {
        int ranks = spec.models().primary().tensorParallel()
                * spec.models().primary().pipelineParallel();
        if (onCpu) {
            List<String> groups = new ArrayList<>();
            int most = spec.engine().threads().orElse(Integer.MAX_VALUE);
            for (int rank = 0; rank < ranks; rank++) {
                groups.add(hardware.coresOf(index * ranks + rank, workers * ranks, most).stream()
                        .map(String::valueOf)
                        .collect(Collectors.joining(",")));
            }
            return Map.of("VLLM_CPU_OMP_THREADS_BIND", String.join("|", groups));
        }
        boolean theirs = hardware.gpus().isEmpty()
                || spec.vllm().env().stream().map(Vllm.Variable::name).anyMatch("CUDA_VISIBLE_DEVICES"::equals);
        return theirs
                ? Map.of()
                : Map.of("CUDA_VISIBLE_DEVICES", String.join(",", hardware.gpusOf(index, workers, ranks)));
    }

    private static String joined(String first, String rest) {
        return rest.isEmpty() ? first : first + File.pathSeparator + rest;
    }
}
