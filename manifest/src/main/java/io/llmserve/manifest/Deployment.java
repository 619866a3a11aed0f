package io.llmserve.manifest;

import io.llmserve.core.WorkerRole;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// Which workers run, and where.
public record Deployment(
        @Field(doc = "`local`: everything on this machine.", byDefault = "local")
        Mode mode,

        @Field(
                doc = "What computes: `embedded`, the engine of LLMServe, or `vllm`, one `vllm serve` process for each"
                        + " worker.",
                byDefault = "embedded")
        Engine engine,

        @Field(
                doc = "Prompts are computed by prefill workers, which hand their keys and values to decode workers.",
                byDefault = "false")
        boolean disaggregated,

        @Field(
                doc = "Each embedded worker in a process of its own; otherwise they share one process and the weights."
                        + " vLLM workers always are processes of their own.",
                byDefault = "false")
        boolean isolate,

        @Field(doc = "How many of each.") Replicas replicas) {
    public Deployment {
        Constraint.checkAll(Deployment.class, mode, engine, disaggregated, isolate, replicas);
        int prefill = replicas.prefill().orElse(0);
        if (!disaggregated && prefill > 0) {
            throw new Contradiction(
                    "replicas.prefill",
                    "found %d; allowed: 0 while disaggregated is false, as every worker then computes its own prompts"
                            .formatted(prefill));
        }
        if (disaggregated && replicas.prefill().isPresent() && prefill == 0) {
            throw new Contradiction("replicas.prefill", "found 0; allowed: at least 1 while disaggregated is true");
        }
    }

    /// Workers that only compute prompts.
    public int prefillWorkers() {
        return disaggregated ? replicas.prefill().orElse(1) : 0;
    }

    /// Workers that generate: all of them do everything where nothing is disaggregated.
    public int decodeWorkers() {
        return replicas.decode();
    }

    /// Of each worker, those that prefill first.
    public List<WorkerRole> roles() {
        List<WorkerRole> roles = new ArrayList<>(Collections.nCopies(prefillWorkers(), WorkerRole.PREFILL));
        roles.addAll(Collections.nCopies(decodeWorkers(), disaggregated ? WorkerRole.DECODE : WorkerRole.BOTH));
        return roles;
    }

    public enum Mode {
        LOCAL
    }

    public enum Engine {
        EMBEDDED,
        VLLM
    }

    public record Replicas(
            @Field(doc = "Gateways; one process has one.", byDefault = "1", min = "1", max = "1")
            int router,

            @Field(
                    doc = "Workers that compute prompts; absent: 1 where `disaggregated` is true, else 0.",
                    min = "0",
                    max = "64")
            Optional<Integer> prefill,

            @Field(
                    doc = "Workers that generate; all workers where `disaggregated` is false.",
                    byDefault = "1",
                    min = "1",
                    max = "64")
            int decode) {
        public Replicas {
            Constraint.checkAll(Replicas.class, router, prefill, decode);
        }
    }
}
