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
}
