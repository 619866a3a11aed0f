package io.llmserve.control;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.manifest.ByteSize;
import io.llmserve.manifest.Spec;
import io.llmserve.manifest.Spec.ModelDtype;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What the manifest says, in the flags of `vllm serve` (as of 0.32). Flags that are not set leave the choice
/// to vLLM.
///
/// @param onCpu vLLM would take nearly all memory for its cache, and is faster uncompiled on few cores
record VllmArguments(Spec spec, VllmModel model, boolean onCpu) {
    /// Where nothing is said of it, as for the embedded engine.
    private static final ByteSize CPU_CACHE = new ByteSize(512 * ByteSize.MIB);

    /// @param events where the worker tells what its cache holds: it connects there, as the address has no
    /// wildcard. Were it to listen, it would do so for all machines, and events hold prompts
    /// @param replay where it listens for who missed some of it
    List<String> of(WorkerRole role, HostPort http, HostPort events, HostPort replay) {
        List<String> arguments = new ArrayList<>(List.of("serve"));
        arguments.addAll(model.arguments());
        arguments.addAll(List.of("--host", http.host(), "--port", Integer.toString(http.port())));
        arguments.addAll(modelArguments());
        arguments.addAll(cacheArguments());
        arguments.addAll(schedulingArguments());
        arguments.addAll(contract());
        arguments.addAll(List.of("--kv-events-config", events(http, events, replay)));
        if (role != WorkerRole.BOTH) {
            arguments.addAll(List.of("--kv-transfer-config", transfer(role)));
        }
        if (onCpu) {
            arguments.add("--enforce-eager");
        }
        arguments.addAll(spec.vllm().args());
        return arguments;
    }

    private List<String> modelArguments() {
        Spec.PrimaryModel primary = spec.models().primary();
        List<String> arguments = new ArrayList<>(List.of("--dtype", dtype(primary.dtype())));
        primary.maxModelLen().ifPresent(length -> arguments.addAll(List.of("--max-model-len", "" + length)));
        arguments.addAll(List.of("--tensor-parallel-size", "" + primary.tensorParallel()));
        arguments.addAll(List.of("--pipeline-parallel-size", "" + primary.pipelineParallel()));
        return arguments;
    }

    private List<String> cacheArguments() {
        Spec.KvCache cache = spec.kvCache();
        List<String> arguments = new ArrayList<>();
        cache.size()
                .or(() -> onCpu ? Optional.of(CPU_CACHE) : Optional.empty())
                .ifPresent(size -> arguments.addAll(List.of("--kv-cache-memory-bytes", "" + size.bytes())));
        cache.hbmDtype().ifPresent(_ -> arguments.addAll(List.of("--kv-cache-dtype", "bfloat16")));
        arguments.add(cache.prefixCaching() ? "--enable-prefix-caching" : "--no-enable-prefix-caching");
        // The default hashes Python's pickles; these hashes another program can compute too.
        arguments.addAll(List.of("--prefix-caching-hash-algo", "sha256_cbor"));
        return arguments;
    }

    private List<String> schedulingArguments() {
        Spec.Scheduling scheduling = spec.scheduling();
        List<String> arguments = new ArrayList<>();
        scheduling.maxDecodeConcurrency().ifPresent(most -> arguments.addAll(List.of("--max-num-seqs", "" + most)));
        scheduling.maxBatchTokens().ifPresent(most -> arguments.addAll(List.of("--max-num-batched-tokens", "" + most)));
        arguments.add(scheduling.chunkedPrefill() ? "--enable-chunked-prefill" : "--no-enable-chunked-prefill");
        return arguments;
    }

    /// Parts of the worker contract that vLLM has only when asked; the gateway keeps the access log.
    private static List<String> contract() {
        return List.of(
                "--enable-scale-out",
                "--enable-prompt-tokens-details",
                "--enable-request-id-headers",
                "--scheduling-policy",
                "priority",
                "--disable-uvicorn-access-log");
    }

    private String events(HostPort http, HostPort events, HostPort replay) {
        return json().put("enable_kv_cache_events", spec.kvCache().prefixCaching())
                .put("publisher", "zmq")
                .put("endpoint", "tcp://" + events)
                .put("replay_endpoint", "tcp://" + replay)
                .put("topic", "kv@%s@%s".formatted(http, model.servedName()))
                .toString();
    }

    /// The prompt's pages are recomputed where they cannot be fetched: a prefill worker that dies fails no
    /// request.
    private String transfer(WorkerRole role) {
        ObjectNode config = json().put("kv_connector", "NixlConnector")
                .put("kv_role", role == WorkerRole.PREFILL ? "kv_producer" : "kv_consumer")
                .put("kv_load_failure_policy", "recompute");
        if (onCpu) {
            config.put("kv_buffer_device", "cpu");
        }
        return config.toString();
    }

    private static String dtype(ModelDtype dtype) {
        return switch (dtype) {
            case AUTO -> "auto";
            case BF16 -> "bfloat16";
            case FP16 -> "float16";
            case F32 -> "float32";
        };
    }

    private static ObjectNode json() {
        return JsonNodeFactory.instance.objectNode();
    }
}
