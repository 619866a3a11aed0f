package io.llmserve.engine;

import static io.llmserve.core.Checks.check;

import io.llmserve.tensor.KvLayout;
import java.time.Duration;

/// How an engine is set up. Counts are per engine; threads belong to the [EngineFactory].
///
/// @param contextLength the most tokens of a sequence, prompt and answer; 0: what the model allows and the KV
/// pool holds
/// @param maxWaiting requests that may queue before more are refused as overload
/// @param lease how long pages that are offered to other engines are held while nobody reads them
public record EngineOptions(int contextLength, int maxWaiting, KvPool kv, Batching batching, Duration lease) {
    /// vLLM's.
    public static final Duration LEASE = Duration.ofSeconds(30);

    public static final EngineOptions DEFAULT = new EngineOptions(0, 256, KvPool.DEFAULT, Batching.DEFAULT, LEASE);

    public EngineOptions {
        check(contextLength >= 0, "contextLength must not be negative, got %d", contextLength);
        check(maxWaiting > 0, "maxWaiting must be positive, got %d", maxWaiting);
        check(lease.isPositive(), "lease must be positive, got %s", lease);
    }

    /// @param bytes size of the pool; rounded down to whole pages of 16 tokens
    /// @param type how keys and values are kept
    /// @param prefixCaching whether pages of equal prefixes are shared and kept
    public record KvPool(long bytes, KvLayout.Type type, boolean prefixCaching) {
        public static final KvPool DEFAULT = new KvPool(512L << 20, KvLayout.Type.F32, true);

        public KvPool {
            check(bytes > 0, "the KV pool needs bytes, got %d", bytes);
        }
    }

    /// @param maxSequences sequences that are computed together
    /// @param maxBatchTokens tokens of one step
    /// @param prefillChunkTokens prompt tokens of a step in which others decode: small keeps the pause between two
    /// tokens short, large brings the first token sooner
    /// @param chunkedPrefill whether a prompt may be cut over several steps; otherwise `maxBatchTokens` must
    /// hold the whole context
    public record Batching(int maxSequences, int maxBatchTokens, int prefillChunkTokens, boolean chunkedPrefill) {
        public static final Batching DEFAULT = new Batching(32, 512, 64, true);

        public Batching {
            check(maxSequences > 0, "maxSequences must be positive, got %d", maxSequences);
            check(
                    maxBatchTokens > maxSequences,
                    "maxBatchTokens must exceed maxSequences (%d), or prompts starve beside decodes; got %d",
                    maxSequences,
                    maxBatchTokens);
            check(prefillChunkTokens > 0, "prefillChunkTokens must be positive, got %d", prefillChunkTokens);
        }

        /// Rows of the largest step.
        int maxRows() {
            return chunkedPrefill ? maxBatchTokens : maxBatchTokens + maxSequences;
        }
    }

    public EngineOptions withKv(KvPool pool) {
        return new EngineOptions(contextLength, maxWaiting, pool, batching, lease);
    }

    public EngineOptions withBatching(Batching limits) {
        return new EngineOptions(contextLength, maxWaiting, kv, limits, lease);
    }

    public EngineOptions withContextLength(int tokens) {
        return new EngineOptions(tokens, maxWaiting, kv, batching, lease);
    }

    public EngineOptions withMaxWaiting(int requests) {
        return new EngineOptions(contextLength, requests, kv, batching, lease);
    }

    public EngineOptions withLease(Duration time) {
        return new EngineOptions(contextLength, maxWaiting, kv, batching, time);
    }
}
