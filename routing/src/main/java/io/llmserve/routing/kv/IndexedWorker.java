package io.llmserve.routing.kv;

import io.llmserve.core.BlockHasher;
import io.llmserve.core.KvGroup;
import java.util.HashMap;
import java.util.Map;

/// What the index keeps for one worker.
final class IndexedWorker {
    /// Names of adapters come from outside: beyond these they are hashed each time.
    private static final int MOST_ORIGINS = 1_024;

    final int number;
    final KvWorkerOptions options;
    final GuessedBlocks guesses;
    final PerMedium<EngineNames> names;
    private final Map<String, Long> origins = new HashMap<>();
    private int blockTokens;
    private int group = -1;

    IndexedWorker(int number, KvWorkerOptions options, int limit, BlockTable guessed) {
        this.number = number;
        this.options = options;
        this.guesses = new GuessedBlocks(number, options.guessedBlocks(), options.guessMillis(), guessed);
        this.blockTokens = options.blockTokens();
        this.names = PerMedium.of(() -> new EngineNames(limit));
    }

    /// 0 while it is not known.
    int blockTokens() {
        return blockTokens;
    }

    /// Our key of the block that the engine calls `name`, in whatever medium; 0 where it is not known.
    long key(long name) {
        long key = names.device().key(name);
        key = key == 0 ? names.host().key(name) : key;
        return key == 0 ? names.storage().key(name) : key;
    }

    long origin(String adapter) {
        Long known = origins.get(adapter);
        if (known != null) {
            return known;
        }
        long origin = BlockHasher.origin(options.model(), adapter);
        if (origins.size() < MOST_ORIGINS) {
            origins.put(adapter, origin);
        }
        return origin;
    }

    /// Whether blocks of this group and size are those that tell whether a prefix is there. Of several groups
    /// with the whole context it is the first that was met, and the size is that of its first block.
    boolean follows(KvGroup told, int size) {
        if (!told.wholeContext() || (group >= 0 && group != told.index())) {
            return false;
        }
        if (size == 0) {
            return true;
        }
        group = told.index();
        blockTokens = blockTokens == 0 ? size : blockTokens;
        return blockTokens == size;
    }

    /// After the engine has started again it may be another, with blocks of another size.
    void forget() {
        group = -1;
        blockTokens = options.blockTokens();
    }

    long bytes() {
        long bytes = guesses.bytes();
        for (EngineNames medium : names.all()) {
            bytes += medium.bytes();
        }
        return bytes;
    }
}
