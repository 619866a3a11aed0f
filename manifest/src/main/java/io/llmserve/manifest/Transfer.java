package io.llmserve.manifest;

import java.util.List;

/// How pages of keys and values travel from prefill to decode workers.
public record Transfer(
        @Field(
                doc =
                        "Engines in the order of preference; the first that works on both sides is taken. Shared memory and"
                                + " TCP are tried last where they are not named, so that one always works.",
                byDefault = "nixl,ucx,nccl,shm,tcp")
        List<Engine> engineOrder) {
    public Transfer {
        engineOrder = List.copyOf(engineOrder);
        if (engineOrder.stream().distinct().count() != engineOrder.size()) {
            throw new Contradiction("engine_order", "found %s; allowed: each engine once".formatted(engineOrder));
        }
    }

    public enum Engine {
        NIXL,
        UCX,
        NCCL,
        SHM,
        TCP
    }
}
