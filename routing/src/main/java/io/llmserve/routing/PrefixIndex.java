package io.llmserve.routing;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.HostPort;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/// Which prompts each worker has seen of late: an estimate, from text alone, of what its prefix cache has. One
/// list of chunks per worker, bounded; the one unused for longest is forgotten. Not thread-safe.
public final class PrefixIndex {
    private final int chunksPerWorker;
    private final Map<HostPort, Chunks> workers = new HashMap<>();

    public PrefixIndex(int chunksPerWorker) {
        check(chunksPerWorker > 0, "an index keeps at least one chunk, got %d", chunksPerWorker);
        this.chunksPerWorker = chunksPerWorker;
    }

    /// The worker has computed, or fetched, this prompt.
    public void seen(HostPort worker, PromptChunks prompt) {
        Chunks chunks = workers.computeIfAbsent(worker, absent -> new Chunks(chunksPerWorker));
        // Back to front, so that of one prompt the end is forgotten first, as a cache of blocks does.
        for (int i = prompt.hashes().length - 1; i >= 0; i--) {
            chunks.put(prompt.hashes()[i], true);
        }
    }

    /// How many bytes the beginning has that the worker has seen.
    public int cachedBytes(HostPort worker, PromptChunks prompt) {
        Chunks chunks = workers.get(worker);
        int count = 0;
        while (chunks != null && count < prompt.hashes().length && chunks.get(prompt.hashes()[count]) != null) {
            count++;
        }
        return count * PromptChunks.CHUNK_BYTES;
    }

    /// The worker is gone, or began anew.
    public void forget(HostPort worker) {
        workers.remove(worker);
    }

    private static final class Chunks extends LinkedHashMap<Long, Boolean> {
        private final int limit;

        Chunks(int limit) {
            super(16, 0.75f, true);
            this.limit = limit;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
            return size() > limit;
        }
    }
}
