package io.llmserve.core;

/// Where a worker has a block of KV pages, fastest first.
public enum KvMedium {
    /// Beside the compute: a GPU's memory, or that of an engine on the CPU.
    DEVICE,
    /// The host's memory, behind a device.
    HOST,
    /// Files and objects.
    STORAGE
}
