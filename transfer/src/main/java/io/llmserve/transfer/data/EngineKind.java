package io.llmserve.transfer.data;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// The data engines there are, by their names in the manifest, on the wire and in metrics.
public enum EngineKind {
    /// One-sided reads through NVIDIA's inference transfer library (`libnixl_capi`).
    NIXL,
    /// One-sided reads through UCX (`libucp`).
    UCX,
    /// Through the GPUs of both sides, by `libnccl`.
    NCCL,
    /// Copies out of a mapping that both processes have; one host only.
    SHM,
    /// Streams over TCP; works everywhere.
    TCP;

    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<EngineKind> byName(String name) {
        return Arrays.stream(values())
                .filter(kind -> kind.wireName().equals(name))
                .findFirst();
    }

    /// Whether bytes would travel unencrypted through a network when this engine carries them.
    public boolean leavesHostInClear() {
        return switch (this) {
            case NIXL, UCX, NCCL -> true;
            case SHM, TCP -> false;
        };
    }
}
