package io.llmserve.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.HostPort;
import io.llmserve.testkit.Seeds;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

class PrefixIndexTest {
    private static final HostPort WORKER = new HostPort("w", 1);
    private static final int CHUNK = PromptChunks.CHUNK_BYTES;

    /// The estimate is the common beginning, in whole chunks, of what was seen.
    @ParameterizedTest
    @Seeds(200)
    void knowsTheCommonBeginning(long seed) {
        Random random = new Random(seed);
        byte[] first = new byte[random.nextInt(5_000)];
        random.nextBytes(first);
        byte[] second = first.clone();
        int common = second.length == 0 ? 0 : random.nextInt(second.length);
        if (second.length > 0) {
            second[common]++;
        }
        PrefixIndex index = new PrefixIndex(1_000);
        index.seen(WORKER, PromptChunks.of(first, 0, first.length, "s"));
        PromptChunks other = PromptChunks.of(second, 0, second.length, "s");
        assertThat(index.cachedBytes(WORKER, other)).isEqualTo(common / CHUNK * CHUNK);
        assertThat(index.cachedBytes(new HostPort("x", 1), other)).isZero();
    }

    @Test
    void tenantsShareNothing() {
        byte[] text = new byte[1_000];
        PrefixIndex index = new PrefixIndex(10);
        index.seen(WORKER, PromptChunks.of(text, 0, 1_000, "red"));
        assertThat(index.cachedBytes(WORKER, PromptChunks.of(text, 0, 1_000, "red")))
                .isEqualTo(3 * CHUNK);
        assertThat(index.cachedBytes(WORKER, PromptChunks.of(text, 0, 1_000, "blue")))
                .isZero();
    }

    @Test
    void theWholePromptNotItsPlaceInTheBodyCounts() {
        byte[] text = new byte[2_000];
        assertThat(PromptChunks.of(text, 7, 1_007, "")).isEqualTo(PromptChunks.of(text, 900, 1_900, ""));
    }

    @Test
    void forgetsWhatWasUnusedForLongest() {
        PrefixIndex index = new PrefixIndex(4);
        PromptChunks old = chunks(1, 3);
        PromptChunks other = chunks(2, 3);
        index.seen(WORKER, old);
        index.seen(WORKER, other);
        assertThat(index.cachedBytes(WORKER, other)).isEqualTo(3 * CHUNK);
        assertThat(index.cachedBytes(WORKER, old))
                .as("its beginning stays longest")
                .isEqualTo(CHUNK);
    }

    private static PromptChunks chunks(int fill, int count) {
        byte[] text = new byte[count * CHUNK];
        java.util.Arrays.fill(text, (byte) fill);
        return PromptChunks.of(text, 0, text.length, "");
    }
}
