package io.llmserve.routing.kv;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;

final class BlockTableProperties {
    @ParameterizedTest
    @Seeds(60)
    void isAMapOfSets(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        BlockTable table = new BlockTable();
        Map<Long, Set<Integer>> expected = new HashMap<>();
        int workers = 1;
        int blocks = random.nextInt(1, 60);
        for (int i = 0; i < 3_000; i++) {
            workers = random.nextInt(200) == 0 ? Math.min(300, workers + random.nextInt(1, 90)) : workers;
            table.reach(workers - 1);
            long block = random.nextInt(blocks);
            int worker = random.nextInt(workers);
            Set<Integer> set = expected.computeIfAbsent(block, none -> new HashSet<>());
            switch (random.nextInt(5)) {
                case 0, 1 -> assertThat(table.add(block, worker)).isEqualTo(set.add(worker));
                case 2, 3 -> assertThat(table.remove(block, worker)).isEqualTo(set.remove(worker));
                default -> {
                    assertThat(table.has(block, worker)).isEqualTo(set.contains(worker));
                    assertThat(members(table, block, workers)).isEqualTo(set);
                }
            }
        }
        assertThat(table.pairs())
                .isEqualTo(expected.values().stream().mapToLong(Set::size).sum());
        for (Map.Entry<Long, Set<Integer>> entry : expected.entrySet()) {
            assertThat(members(table, entry.getKey(), workers)).isEqualTo(entry.getValue());
        }
    }

    @ParameterizedTest
    @Seeds(20)
    void remembersThatABlockWasLookedUpWhoeverComesAndGoes(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        BlockTable table = new BlockTable();
        table.reach(99);
        table.add(7, 0);
        for (int round = 0; round < 50; round++) {
            assertThat(table.wasLookedUp(7)).isFalse();
            table.collect(7, new long[2]);
            for (int change = 0; change < 20; change++) {
                int worker = random.nextInt(1, 100);
                if (random.nextBoolean()) {
                    table.add(7, worker);
                } else {
                    table.remove(7, worker);
                }
            }
            assertThat(table.wasLookedUp(7)).isTrue();
        }
    }

    private static Set<Integer> members(BlockTable table, long block, int workers) {
        long[] words = new long[(workers + 63) >>> 6];
        table.collect(block, words);
        Set<Integer> members = new HashSet<>();
        BitSet.valueOf(words).stream().forEach(members::add);
        return members;
    }
}
