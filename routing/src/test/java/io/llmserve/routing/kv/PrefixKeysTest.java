package io.llmserve.routing.kv;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;

final class PrefixKeysTest {
    /// Another turn, an edited one, a shorter one: what is not hashed again is as if it were.
    @ParameterizedTest
    @Seeds(60)
    void aGrownConversationHasTheKeysThatItHadFromTheBeginning(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] tokens = random.ints(random.nextInt(500), 0, 50_000).toArray();
        PrefixKeys keys = new PrefixKeys(seed, tokens);
        for (int turn = 0; turn < 6; turn++) {
            int size = random.nextInt(1, 40);
            assertThat(keys.keys(size)).isEqualTo(new PrefixKeys(seed, tokens).keys(size));
            int kept = random.nextInt(tokens.length + 1);
            int[] more = Arrays.copyOf(tokens, random.nextBoolean() ? tokens.length + 77 : kept);
            for (int i = random.nextInt(3) == 0 ? kept : tokens.length; i < more.length; i++) {
                more[i] = random.nextInt(50_000);
            }
            keys = keys.grown(more);
            assertThat(keys.keys(size)).isEqualTo(new PrefixKeys(seed, more).keys(size));
            assertThat(keys.keys(16)).isEqualTo(new PrefixKeys(seed, more).keys(16));
            tokens = more;
        }
    }
}
