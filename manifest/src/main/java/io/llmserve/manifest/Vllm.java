package io.llmserve.manifest;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// How `vllm serve` is started where `deployment.engine` is `vllm`. What the rest of the manifest says (model, lengths,
/// caches, roles) is passed on by LLMServe; here stands what only vLLM knows.
public record Vllm(
        @Field(
                doc = "The program: a name on PATH, or a path such as `/opt/vllm/bin/vllm`.",
                byDefault = "vllm",
                pattern = "\\S(.*\\S)?",
                patternWords = "a program's name or path")
        String command,

        @Field(
                doc =
                        "What it computes on; `auto`: the GPUs where this machine has some, else the CPU. Says which GPUs or"
                                + " cores each worker gets.",
                byDefault = "auto")
        Device device,

        @Field(
                doc =
                        "Further arguments of `vllm serve`; they stand last, so they win. Addresses, keys and the model are"
                                + " not among them, as LLMServe must know them.")
        List<String> args,

        @Field(doc = "Environment of the processes, above what LLMServe sets and what it was started with.")
        List<Variable> env,

        @Field(
                doc =
                        "From the start of a worker to its first healthy answer; loading and compiling a large model takes"
                                + " minutes.",
                byDefault = "15m",
                min = "1s",
                max = "24h")
        Duration startTimeout) {
    /// Where a worker listens, who may ask, and for which model: LLMServe chooses it, and asks accordingly.
    private static final Set<String> OWN_ARGUMENTS = Set.of(
            "--host",
            "--port",
            "--uds",
            "--root-path",
            "--api-key",
            "--ssl-keyfile",
            "--ssl-certfile",
            "--model",
            "--served-model-name");

    private static final Set<String> OWN_VARIABLES =
            Set.of("VLLM_API_KEY", "VLLM_NIXL_SIDE_CHANNEL_HOST", "VLLM_NIXL_SIDE_CHANNEL_PORT");

    public Vllm {
        args = List.copyOf(args);
        env = List.copyOf(env);
        Constraint.checkAll(Vllm.class, command, device, args, env, startTimeout);
        List<String> names = env.stream().map(Variable::name).toList();
        if (names.stream().distinct().count() != names.size()) {
            throw new Contradiction("env", "found %s; allowed: each name once".formatted(names));
        }
        // vLLM takes an underline for a dash.
        refuse(
                "args",
                args.stream()
                        .map(each -> each.split("=", 2)[0].replace('_', '-'))
                        .toList(),
                OWN_ARGUMENTS);
        refuse("env", names, OWN_VARIABLES);
    }

    private static void refuse(String field, List<String> found, Set<String> own) {
        for (int index = 0; index < found.size(); index++) {
            if (own.contains(found.get(index))) {
                throw new Contradiction(
                        "%s[%d]".formatted(field, index),
                        "found %s, which LLMServe sets itself; allowed: others than %s"
                                .formatted(
                                        found.get(index), own.stream().sorted().toList()));
            }
        }
    }

    public enum Device {
        AUTO,
        GPU,
        CPU
    }

    public record Variable(
            @Field(
                    doc = "Name of the variable.",
                    pattern = "[A-Za-z_][A-Za-z0-9_]*",
                    patternWords = "the name of an environment variable")
            String name,

            @Field(doc = "Its value; absent: empty.") Optional<String> value) {
        public Variable {
            Constraint.checkAll(Variable.class, name, value);
        }

        /// Values may be secrets.
        @Override
        public String toString() {
            return name;
        }
    }
}
