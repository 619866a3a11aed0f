package io.llmserve.gateway;

import io.llmserve.core.ServeException;

/// Where a request goes.
public sealed interface Decision {
    record Serve(WorkerEndpoint worker) implements Decision {}

    record Reject(ServeException reason) implements Decision {}
}
