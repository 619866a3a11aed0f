package io.llmserve.routing;

import java.util.List;

/// Chooses one of several workers that could all do it. Called by one thread at a time.
@FunctionalInterface
public interface Picker {
    /// `candidates` is never empty, in the order in which the workers became known.
    Endpoint pick(List<Endpoint> candidates);
}
