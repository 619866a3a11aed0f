package io.llmserve.routing.kv;

import static io.llmserve.core.Checks.check;

/// What the index holds at most. About 50 bytes a block and worker.
///
/// @param workers at once
/// @param blocksPerWorker in each medium; an engine that has more is known in part
public record KvIndexLimits(int workers, int blocksPerWorker) {
    /// A million blocks of 16 tokens are the pages of about 2 TB for a model of 8 billion weights.
    public static final KvIndexLimits STANDARD = new KvIndexLimits(4_096, 1 << 20);

    public KvIndexLimits {
        check(
                workers > 0 && workers <= BlockTable.MOST_WORKERS,
                "workers must be 1 to %d, got %d",
                BlockTable.MOST_WORKERS,
                workers);
        check(blocksPerWorker > 0, "blocksPerWorker must be positive, got %d", blocksPerWorker);
    }
}
