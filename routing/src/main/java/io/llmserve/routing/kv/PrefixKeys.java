package io.llmserve.routing.kv;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.BlockHasher;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A prompt as the index knows it: the chained keys of its blocks, for each block size that is asked for.
/// Owned by one thread at a time.
///
/// Engines with different block sizes have different keys for one prompt, which never meet: a prompt is
/// hashed once for each size in use among the workers, and a worker is only looked up with its own.
public final class PrefixKeys {
    private final long origin;
    private final int[] tokens;
    private final List<Chain> chains = new ArrayList<>(1);

    private record Chain(int blockTokens, long[] keys) {}

    /// @param origin what else the prompt belongs to, as [#origin]
    public PrefixKeys(long origin, int[] tokens) {
        this.origin = origin;
        this.tokens = tokens.clone();
    }

    /// @param adapter "" for none
    /// @param salt "" for none; prompts under different salts have no block in common
    public static long origin(String model, String adapter, String salt) {
        long origin = BlockHasher.origin(model, adapter);
        return salt.isEmpty() ? origin : BlockHasher.marked(origin, BlockHasher.mark(salt));
    }

    /// The same conversation with other tokens, as a rule more of them: blocks that both begin with are not
    /// hashed again.
    public PrefixKeys grown(int[] more) {
        PrefixKeys next = new PrefixKeys(origin, more);
        int differ = Arrays.mismatch(tokens, more);
        int common = differ < 0 ? more.length : differ;
        for (Chain chain : chains) {
            int size = chain.blockTokens;
            int blocks = common / size;
            long[] keys = Arrays.copyOf(Arrays.copyOf(chain.keys, blocks), more.length / size);
            long last = blocks == 0 ? origin : keys[blocks - 1];
            new BlockHasher(size).keys(last, more, blocks, keys);
            next.chains.add(new Chain(size, keys));
        }
        return next;
    }

    public int tokens() {
        return tokens.length;
    }

    /// One key per full block. Not to be changed.
    public long[] keys(int blockTokens) {
        check(blockTokens > 0, "blockTokens must be positive, got %d", blockTokens);
        for (Chain chain : chains) {
            if (chain.blockTokens == blockTokens) {
                return chain.keys;
            }
        }
        long[] keys = new long[tokens.length / blockTokens];
        new BlockHasher(blockTokens).keys(origin, tokens, 0, keys);
        chains.add(new Chain(blockTokens, keys));
        return keys;
    }
}
