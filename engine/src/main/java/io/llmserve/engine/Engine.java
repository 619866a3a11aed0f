package io.llmserve.engine;

/// Token ids in, token ids out. One platform thread steps all generations together; methods are safe from any
/// thread.
public interface Engine extends AutoCloseable {
    /// Queues a generation. Refuses at once, with a failure that says why, what can never run (prompt beyond
    /// the context, token id outside the vocabulary: INVALID_REQUEST) or not now (waiting queue full:
    /// OVERLOADED; draining: UNAVAILABLE). The listener hears every token and then exactly one end, on the
    /// engine's thread.
    Generation submit(GenerationRequest request, GenerationListener listener);

    /// A consistent snapshot of counts and gauges; cheap, callable at any rate.
    EngineStatistics statistics();

    /// Refuses new generations, lets the running ones finish until the deadline, then aborts what is left.
    void drain(java.time.Duration deadline);

    /// Aborts everything, stops the thread, frees weights and pages.
    @Override
    void close();
}
