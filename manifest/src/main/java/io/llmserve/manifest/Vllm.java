package io.llmserve.manifest;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

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

        @Field(doc = "Further arguments of `vllm serve`; they stand last, so they win.")
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
    public Vllm {
        args = List.copyOf(args);
        env = List.copyOf(env);
        Constraint.checkAll(Vllm.class, command, device, args, env, startTimeout);
        List<String> names = env.stream().map(Variable::name).toList();
        if (names.stream().distinct().count() != names.size()) {
            throw new Contradiction("env", "found %s; allowed: each name once".formatted(names));
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
