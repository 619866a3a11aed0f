package io.llmserve.engine;

import io.llmserve.core.Clock;
import io.llmserve.models.ModelDescription;
import java.util.concurrent.atomic.AtomicBoolean;

/// A model in memory, and the threads that compute: starts any number of engines that share both, each with
/// KV pages and a step thread of its own.
///
/// ```java
/// try (EngineFactory factory = EngineFactory.load(model, 2, LoadProgress.NONE)) {
///     EmbeddedEngine engine = factory.start(EngineOptions.DEFAULT);
/// }
/// ```
///
/// Weights and threads are freed when the factory and all its engines are closed, in any order. The model's
/// files are not read after [#load].
public final class EngineFactory implements AutoCloseable {
    private final ModelDescription model;
    private final SharedMemory memory;
    private final Weights weights;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EngineFactory(ModelDescription model, SharedMemory memory, Weights weights) {
        this.model = model;
        this.memory = memory;
        this.weights = weights;
    }

    /// Packs the weights for the kernels. Fails (EXHAUSTED) where memory does not suffice, or (CORRUPT) where
    /// tensors are missing or of other shapes than the configuration says.
    ///
    /// @param threads that compute, those of the engines included
    public static EngineFactory load(ModelDescription model, int threads, LoadProgress progress) {
        SharedMemory memory = new SharedMemory(threads);
        try {
            return new EngineFactory(model, memory, WeightsLoader.load(model, memory.pool(), memory.arena(), progress));
        } catch (RuntimeException | Error e) {
            memory.release();
            throw e;
        }
    }

    /// Starts an engine. Fails (EXHAUSTED) where memory for its KV pages is not available or they do not hold the
    /// context, or (CONFIGURATION) where the options contradict the model.
    public EmbeddedEngine start(EngineOptions options) {
        return start(options, Clock.SYSTEM);
    }

    /// As [#start(EngineOptions)], with time from `clock`.
    public EmbeddedEngine start(EngineOptions options, Clock clock) {
        return start(options, clock, KvMemory.ofProcess());
    }

    /// As [#start(EngineOptions)], with pages that other processes may read.
    ///
    /// @param pages the engine's own: closed with it, or where it does not start
    public EmbeddedEngine start(EngineOptions options, Clock clock, KvMemory pages) {
        memory.retain();
        try {
            return EmbeddedEngine.start(EngineMemory.allocate(model, weights, memory, options, pages), clock);
        } catch (RuntimeException | Error e) {
            memory.release();
            throw e;
        }
    }

    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            memory.release();
        }
    }
}
