package io.llmserve.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

class BlockHasherTest {
    private final BlockHasher hasher = new BlockHasher(16);

    @Test
    void namesOnlyFullBlocks() {
        assertThat(hasher.all(BlockHasher.root(""), new int[47], 47)).hasSize(2);
    }

    @Test
    void saltsAreApart() {
        int[] tokens = new int[16];
        assertThat(hasher.all(BlockHasher.root("tenant-a"), tokens, 16))
                .isNotEqualTo(hasher.all(BlockHasher.root("tenant-b"), tokens, 16));
    }

    @ParameterizedTest
    @Seeds(50)
    void oneChangedTokenChangesItsBlockAndAllThatFollow(long seed) {
        Random random = new Random(seed);
        int[] tokens = random.ints(160, 0, 50_000).toArray();
        BlockHash[] before = hasher.all(BlockHasher.root(""), tokens, tokens.length);
        int changed = random.nextInt(tokens.length);
        tokens[changed] ^= 1 << random.nextInt(15);
        BlockHash[] after = hasher.all(BlockHasher.root(""), tokens, tokens.length);
        for (int block = 0; block < before.length; block++) {
            assertThat(before[block].equals(after[block])).isEqualTo(block < changed / 16);
        }
    }

    @Test
    void doesNotCollideOnNeighbouringBlocks() {
        Set<BlockHash> seen = new HashSet<>();
        BlockHash root = BlockHasher.root("");
        int[] tokens = new int[16];
        for (int value = 0; value < 200_000; value++) {
            tokens[value % 16] = value;
            seen.add(hasher.next(root, tokens, 0));
        }
        assertThat(seen).hasSize(200_000);
    }

    @ParameterizedTest
    @Seeds(50)
    void keysAreChainedAndOneChangedTokenChangesAllThatFollow(long seed) {
        Random random = new Random(seed);
        int size = 1 + random.nextInt(40);
        BlockHasher hasher = new BlockHasher(size);
        int[] tokens = random.ints(400, 0, 50_000).toArray();
        long[] before = keys(hasher, tokens);
        assertThat(before[1]).isEqualTo(hasher.key(before[0], tokens, size));
        int changed = random.nextInt(400 / size * size);
        tokens[changed] ^= 1 << random.nextInt(31);
        long[] after = keys(hasher, tokens);
        for (int block = 0; block < before.length; block++) {
            assertThat(before[block] == after[block]).isEqualTo(block < changed / size);
        }
    }

    /// Blocks that differ in one or two places, each by one or two bits, as neighbours in a cache do.
    @ParameterizedTest
    @Seeds(8)
    void keysOfNearlyEqualBlocksDifferInHalfTheirBits(long seed) {
        Random random = new Random(seed);
        BlockHasher hasher = new BlockHasher(16);
        int[] tokens = random.ints(16, 0, 50_000).toArray();
        long original = hasher.key(1, tokens, 0);
        Set<Long> seen = new HashSet<>();
        long flipped = 0;
        int blocks = 0;
        for (int one = 0; one < 16 * 17; one++) {
            for (int two = 0; two < one; two++) {
                tokens[one / 17] ^= 1 << one % 17;
                tokens[two / 17] ^= 1 << two % 17;
                long key = hasher.key(1, tokens, 0);
                tokens[one / 17] ^= 1 << one % 17;
                tokens[two / 17] ^= 1 << two % 17;
                seen.add(key);
                flipped += Long.bitCount(key ^ original);
                blocks++;
            }
        }
        assertThat(seen).hasSize(blocks);
        assertThat((double) flipped / blocks).isBetween(31.0, 32.0);
    }

    private static long[] keys(BlockHasher hasher, int[] tokens) {
        long[] keys = new long[tokens.length / hasher.blockTokens()];
        hasher.keys(BlockHasher.origin("m", ""), tokens, 0, keys);
        return keys;
    }
}
