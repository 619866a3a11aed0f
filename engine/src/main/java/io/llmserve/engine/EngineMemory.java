package io.llmserve.engine;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelConfiguration;
import io.llmserve.models.ModelDescription;
import io.llmserve.tensor.Kernels;
import io.llmserve.tensor.KvCache;
import io.llmserve.tensor.KvLayout;
import java.lang.foreign.MemorySegment;

/// What an engine owns besides its thread: the KV pages, and its share of the weights.
///
/// @param contextLength the most tokens of a sequence; the pool holds at least one such sequence
record EngineMemory(
        ModelDescription model,
        Weights weights,
        SharedMemory shared,
        EngineOptions options,
        int contextLength,
        KvMemory memory,
        KvCache cache) {
    private static final int PAGE_ALIGNMENT = 64;

    /// @param memory closed where this fails, and by [#free()]
    static EngineMemory allocate(
            ModelDescription model, Weights weights, SharedMemory shared, EngineOptions options, KvMemory memory) {
        try {
            return allocateChecked(model, weights, shared, options, memory);
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    private static EngineMemory allocateChecked(
            ModelDescription model, Weights weights, SharedMemory shared, EngineOptions options, KvMemory memory) {
        ModelConfiguration configuration = model.configuration();
        KvLayout layout = new KvLayout(
                configuration.layers(),
                configuration.kvHeads(),
                configuration.headDimension(),
                options.kv().type());
        long pages = options.kv().bytes() / layout.pageBytes();
        int contextLength = contextLength(configuration, options, pages * Sequence.PAGE_TOKENS);
        KvCache cache = new KvCache(layout, allocatePool(memory, pages * layout.pageBytes()));
        return new EngineMemory(model, weights, shared, options, contextLength, memory, cache);
    }

    private static MemorySegment allocatePool(KvMemory memory, long bytes) {
        AvailableMemory.require(bytes, "the KV pool");
        try {
            return memory.allocate(bytes, PAGE_ALIGNMENT);
        } catch (OutOfMemoryError e) {
            throw new ServeException(
                    Failure.EXHAUSTED,
                    "the KV pool needs %,d MB, which the Java process cannot allocate".formatted(bytes >> 20),
                    e);
        }
    }

    private static int contextLength(ModelConfiguration model, EngineOptions options, long poolTokens) {
        int wanted = options.contextLength();
        if (wanted > model.contextLength()) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "a context of %d tokens is asked for, but the model allows %d"
                            .formatted(wanted, model.contextLength()));
        }
        if (poolTokens == 0 || wanted > poolTokens) {
            throw new ServeException(
                    Failure.EXHAUSTED,
                    "the KV pool of %,d bytes holds %d tokens, but one context needs %d"
                            .formatted(options.kv().bytes(), poolTokens, Math.max(wanted, Sequence.PAGE_TOKENS)));
        }
        int length = wanted > 0 ? wanted : (int) Math.min(model.contextLength(), poolTokens);
        if (!options.batching().chunkedPrefill() && options.batching().maxBatchTokens() < length) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "without chunked prefill a step must hold a whole context of %d tokens, but maxBatchTokens is %d"
                            .formatted(length, options.batching().maxBatchTokens()));
        }
        return length;
    }

    ModelRunner runner() {
        return new ModelRunner(
                model.configuration(),
                weights,
                new Kernels(shared.pool()),
                cache,
                contextLength,
                options.batching().maxRows());
    }

    void free() {
        memory.close();
        shared.release();
    }
}
