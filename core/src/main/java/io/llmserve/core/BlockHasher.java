package io.llmserve.core;

import static io.llmserve.core.Checks.check;

import java.nio.charset.StandardCharsets;

/// Chained hashes of token blocks: `H[i] = mix(H[i-1], tokens of block i)`, `H[-1]` from the cache salt (and
/// later the adapter). Two 64-bit lanes, each of multiply-xor rounds with odd constants of their own (those
/// of SplitMix64 and MurmurHash3's finaliser) and the finaliser of SplitMix64 at each block's end. Not
/// cryptographic: tenants are apart by a secret salt, not by the hash.
public final class BlockHasher {
    private static final long HIGH_MULTIPLIER = 0x9E3779B97F4A7C15L;
    private static final long LOW_MULTIPLIER = 0xC2B2AE3D27D4EB4FL;

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
        long high = HIGH_MULTIPLIER ^ bytes.length;
        long low = LOW_MULTIPLIER ^ bytes.length;
        for (byte value : bytes) {
            high = step(high, value, HIGH_MULTIPLIER);
            low = step(low, value, LOW_MULTIPLIER);
        }
        return new BlockHash(finish(high), finish(low ^ high));
    }

    /// The hash of the block `tokens[from, from + blockTokens)` whose predecessor is `parent`.
    public BlockHash next(BlockHash parent, int[] tokens, int from) {
        long high = parent.high();
        long low = parent.low();
        for (int i = from; i < from + blockTokens; i++) {
            high = step(high, tokens[i], HIGH_MULTIPLIER);
            low = step(low, tokens[i], LOW_MULTIPLIER);
        }
        return new BlockHash(finish(high), finish(low ^ Long.rotateLeft(high, 32)));
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

    private static long step(long state, long value, long multiplier) {
        return Long.rotateLeft((state ^ value) * multiplier, 29);
    }

    private static long finish(long state) {
        long mixed = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
