package io.llmserve.core;

import static io.llmserve.core.Checks.check;

import java.nio.charset.StandardCharsets;

/// Chained hashes of token blocks: `H[i] = mix(H[i-1], digest of block i)`, `H[-1]` from what else a prefix
/// belongs to (model, adapter, cache salt). A block's digest does not wait for its parent, so that a
/// processor works on several blocks at once and only the short `mix` is a chain. Digest: two lanes of
/// multiply-xor rounds over pairs of tokens, with odd constants of their own; `mix` ends in the finaliser of
/// SplitMix64.
///
/// Pages are named by 128 bits ([BlockHash], two hashes that differ in their constants); routing, where a
/// mistake costs a little time and no correctness, knows blocks by 63 bits (`key`). Not cryptographic:
/// tenants are apart by a secret salt, not by the hash.
public final class BlockHasher {
    private static final long HIGH_MULTIPLIER = 0x9E3779B97F4A7C15L;
    private static final long LOW_MULTIPLIER = 0xC2B2AE3D27D4EB4FL;
    private static final long PARENT_MULTIPLIER = 0xD6E8FEB86659FD93L;

    private final int blockTokens;

    public BlockHasher(int blockTokens) {
        check(blockTokens > 0, "blockTokens must be positive, got %d", blockTokens);
        this.blockTokens = blockTokens;
    }

    public int blockTokens() {
        return blockTokens;
    }

    /// The parent of the first block of every prompt under `cacheSalt`.
    public static BlockHash root(String cacheSalt) {
        byte[] bytes = cacheSalt.getBytes(StandardCharsets.UTF_8);
        return new BlockHash(text(bytes, HIGH_MULTIPLIER), text(bytes, LOW_MULTIPLIER));
    }

    /// The hash of the block `tokens[from, from + blockTokens)` whose predecessor is `parent`.
    public BlockHash next(BlockHash parent, int[] tokens, int from) {
        long high = mix(parent.high(), digest(tokens, from, blockTokens, HIGH_MULTIPLIER));
        return new BlockHash(high, mix(parent.low(), digest(tokens, from, blockTokens, LOW_MULTIPLIER)));
    }

    /// Hashes of all full blocks among the first `length` tokens.
    public BlockHash[] all(BlockHash root, int[] tokens, int length) {
        BlockHash[] hashes = new BlockHash[length / blockTokens];
        BlockHash parent = root;
        for (int block = 0; block < hashes.length; block++) {
            parent = next(parent, tokens, block * blockTokens);
            hashes[block] = parent;
        }
        return hashes;
    }

    /// The parent of the first block of every prompt to `model` with `adapter` ("" for none) and without a
    /// salt.
    public static long origin(String model, String adapter) {
        return marked(mark(model), mark(adapter));
    }

    /// A text, such as a cache salt, as [#marked] takes it.
    public static long mark(String text) {
        return text(text.getBytes(StandardCharsets.UTF_8), LOW_MULTIPLIER);
    }

    /// The parent of a block that, beside its tokens, depends on what `mark` stands for.
    public static long marked(long parent, long mark) {
        return mix(parent, mark * HIGH_MULTIPLIER);
    }

    /// The key of the block `tokens[from, from + blockTokens)` after the block with the key `parent`; never
    /// 0.
    public long key(long parent, int[] tokens, int from) {
        return mix(parent, digest(tokens, from, blockTokens, LOW_MULTIPLIER)) | 1;
    }

    /// Writes the keys of `keys.length - first` blocks, of which the first begins at `tokens[first *
    /// blockTokens]`.
    public void keys(long parent, int[] tokens, int first, long[] keys) {
        long last = parent;
        for (int block = first; block < keys.length; block++) {
            last = key(last, tokens, block * blockTokens);
            keys[block] = last;
        }
    }

    private static long digest(int[] tokens, int from, int count, long multiplier) {
        long second = Long.rotateLeft(multiplier, 23) | 1;
        long even = multiplier;
        long odd = second;
        int end = from + count;
        int at = from;
        for (; at + 4 <= end; at += 4) {
            even = step(even, pair(tokens, at), multiplier);
            odd = step(odd, pair(tokens, at + 2), second);
        }
        for (; at < end; at++) {
            even = step(even, tokens[at] & 0xFFFF_FFFFL, multiplier);
        }
        return (even * second) ^ Long.rotateLeft(odd * multiplier, 32);
    }

    private static long pair(int[] tokens, int at) {
        return (tokens[at] & 0xFFFF_FFFFL) | ((long) tokens[at + 1] << 32);
    }

    private static long text(byte[] bytes, long multiplier) {
        long state = multiplier ^ bytes.length;
        for (byte value : bytes) {
            state = step(state, value, multiplier);
        }
        return finish(state);
    }

    private static long step(long state, long value, long multiplier) {
        return Long.rotateLeft((state ^ value) * multiplier, 29);
    }

    private static long mix(long parent, long digest) {
        return finish((parent * PARENT_MULTIPLIER) ^ digest);
    }

    private static long finish(long state) {
        long mixed = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
