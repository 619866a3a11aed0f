package io.llmserve.gateway;

import io.llmserve.wire.RequestPeek;
import java.util.List;

/// Chooses among the workers that are healthy and have the model. Called by one thread at a time.
@FunctionalInterface
public interface Picker {
    /// `candidates` is never empty, in the order in which the workers were configured.
    Decision pick(RequestPeek peek, List<EndpointState> candidates);
}
