package io.llmserve.routing.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.KvEvent;
import io.llmserve.core.KvGroup;
import io.llmserve.core.KvMedium;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class KvIndexTest {
    private static final long PLAIN = PrefixKeys.origin("model", "", "");
    private final KvIndex index = new KvIndex(new KvIndexLimits(3, 1_000));
    private final PrefixMatch match = new PrefixMatch();

    @Test
    void findsWhatAnEventStored() {
        int worker = index.join(KvWorkerOptions.events("model"));
        index.apply(worker, stored(0, 4));
        assertThat(tokens(worker, 100)).isEqualTo(64);
        assertThat(tokens(worker, 33)).as("whole blocks").isEqualTo(32);
    }

    @Test
    void anotherModelAdapterOrSaltIsAnotherPrompt() {
        int worker = index.join(KvWorkerOptions.events("model"));
        index.apply(worker, stored(0, 4));
        for (long origin : new long[] {
            PrefixKeys.origin("other", "", ""),
            PrefixKeys.origin("model", "poet", ""),
            PrefixKeys.origin("model", "", "secret"),
            PrefixKeys.origin("modelpoet", "", ""),
        }) {
            index.match(new PrefixKeys(origin, count(64)), match);
            assertThat(match.tokens(worker)).isZero();
        }
    }

    @Test
    void aBlockWhoseParentIsUnknownIsNotTakenIn() {
        int worker = index.join(KvWorkerOptions.events("model"));
        index.apply(worker, stored(2, 4));
        assertThat(index.figures().pairs()).isZero();
        assertThat(index.figures().orphaned()).isEqualTo(2);
    }

    @Test
    void oneOfTwoCopiesMayGo() {
        int worker = index.join(KvWorkerOptions.events("model"));
        index.apply(worker, stored(0, 1));
        index.apply(worker, stored(0, 1));
        index.apply(worker, removed(KvMedium.DEVICE, 0));
        assertThat(tokens(worker, 16)).isEqualTo(16);
        index.apply(worker, removed(KvMedium.DEVICE, 0));
        assertThat(tokens(worker, 16)).isZero();
    }

    @Test
    void tellsWhatMustBeBroughtToTheDevice() {
        int worker = index.join(KvWorkerOptions.events("model"));
        index.apply(worker, stored(0, 4));
        index.apply(worker, named(KvMedium.HOST, 1));
        index.apply(worker, named(KvMedium.STORAGE, 2));
        index.apply(worker, removed(KvMedium.DEVICE, 1, 2));
        index.match(new PrefixKeys(PLAIN, count(100)), match);
        assertThat(match.deviceTokens(worker)).isEqualTo(16);
        assertThat(match.hostTokens(worker)).isEqualTo(32);
        assertThat(match.tokens(worker)).isEqualTo(64);
    }

    /// Layers with a window drop what is behind it: their blocks tell nothing of the prefix.
    @Test
    void followsTheLayersThatKeepTheWholeContext() {
        int worker = index.join(KvWorkerOptions.events("model"));
        index.apply(worker, stored(0, 4, 16, new KvGroup(1, true)));
        index.apply(worker, stored(0, 4, 16, new KvGroup(0, false)));
        index.apply(worker, stored(0, 4, 8, new KvGroup(2, true)));
        index.apply(worker, new KvEvent.Removed(new long[] {1}, KvMedium.DEVICE, new KvGroup(0, true)));
        assertThat(tokens(worker, 64)).isEqualTo(64);
        assertThat(index.figures().passedOver()).isEqualTo(9);
    }

    @Test
    void aGuessCountsUntilItIsConfirmedOrItsTimeIsOver() {
        int worker = index.join(new KvWorkerOptions("model", 16, 100, 1_000));
        index.routed(worker, new PrefixKeys(PLAIN, count(64)), 0);
        index.apply(worker, stored(0, 2));
        index.match(new PrefixKeys(PLAIN, count(64)), match);
        assertThat(match.tokens(worker)).isEqualTo(64);
        assertThat(match.confirmedTokens(worker)).isEqualTo(32);
        index.expire(1_200);
        assertThat(tokens(worker, 64)).isEqualTo(32);
        index.apply(worker, removed(KvMedium.DEVICE, 0, 1));
        assertThat(index.figures().pairs()).isZero();
    }

    @Test
    void ofAFullHistoryTheOldestGoesAndOfAPromptItsEnd() {
        int worker = index.join(KvWorkerOptions.history("model", 16, 8, 1_000_000));
        index.routed(worker, new PrefixKeys(PLAIN, count(6 * 16)), 1_000);
        int[] other = IntStream.range(500, 500 + 4 * 16).toArray();
        index.routed(worker, new PrefixKeys(PLAIN, other), 2_000);
        assertThat(index.figures().pairs()).isEqualTo(8);
        index.match(new PrefixKeys(PLAIN, other), match);
        assertThat(match.tokens(worker)).isEqualTo(64);
        assertThat(tokens(worker, 6 * 16)).isEqualTo(64);
    }

    @Test
    void whatIsLookedUpStaysWhenTheLimitIsReached() {
        KvIndex small = new KvIndex(new KvIndexLimits(1, 64));
        int worker = small.join(KvWorkerOptions.events("model"));
        small.apply(worker, stored(0, 4));
        for (int other = 0; other < 200; other++) {
            small.match(new PrefixKeys(PLAIN, count(64)), match);
            assertThat(match.tokens(worker)).isEqualTo(64);
            int[] tokens = new int[16];
            tokens[0] = 10_000 + other;
            small.apply(
                    worker,
                    new KvEvent.Stored(
                            new long[] {1_000L + other},
                            OptionalLong.empty(),
                            tokens,
                            16,
                            new long[0],
                            "",
                            KvMedium.DEVICE,
                            KvGroup.ALL_LAYERS));
        }
        assertThat(small.figures().evicted()).isEqualTo(140);
    }

    @Test
    void numbersOfThoseWhoLeftAreGivenAgainAndNoMoreThanTheLimit() {
        int first = index.join(KvWorkerOptions.events("model"));
        index.join(KvWorkerOptions.events("model"));
        index.join(KvWorkerOptions.events("model"));
        assertThatThrownBy(() -> index.join(KvWorkerOptions.events("model"))).hasMessageContaining("its 3 workers");
        index.apply(first, stored(0, 4));
        index.leave(first);
        assertThatThrownBy(() -> index.apply(first, stored(0, 4))).hasMessageContaining("has left");
        assertThat(index.join(KvWorkerOptions.events("model"))).isEqualTo(first);
        assertThat(tokens(first, 64)).isZero();
    }

    private int tokens(int worker, int prompt) {
        index.match(new PrefixKeys(PLAIN, count(prompt)), match);
        return match.tokens(worker);
    }

    private static int[] count(int tokens) {
        return IntStream.range(0, tokens).toArray();
    }

    private static KvEvent stored(int from, int to) {
        return stored(from, to, 16, KvGroup.ALL_LAYERS);
    }

    /// Blocks `[from, to)` of the prompt 0, 1, 2, ...; a block's name is its place.
    private static KvEvent stored(int from, int to, int size, KvGroup group) {
        return new KvEvent.Stored(
                IntStream.range(from, to).mapToLong(block -> block).toArray(),
                from == 0 ? OptionalLong.empty() : OptionalLong.of(from - 1),
                IntStream.range(from * size, to * size).toArray(),
                size,
                new long[0],
                "",
                KvMedium.DEVICE,
                group);
    }

    private static KvEvent named(KvMedium medium, long... names) {
        return new KvEvent.Stored(
                names, OptionalLong.empty(), new int[0], 0, new long[0], "", medium, KvGroup.ALL_LAYERS);
    }

    private static KvEvent removed(KvMedium medium, long... names) {
        return new KvEvent.Removed(names, medium, KvGroup.ALL_LAYERS);
    }
}
