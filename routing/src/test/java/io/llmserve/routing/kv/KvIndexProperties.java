package io.llmserve.routing.kv;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.KvEvent;
import io.llmserve.core.KvMedium;
import io.llmserve.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;

final class KvIndexProperties {
    private static final KvMedium[] ALL = KvMedium.values();

    /// Engines with different block sizes and media, several adapters and salts, shared beginnings, copies.
    @ParameterizedTest
    @Seeds(100)
    void knowsExactlyWhatTheEnginesHave(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Fleet fleet = new Fleet(random, KvIndexLimits.STANDARD);
        for (int i = 0; i < 150; i++) {
            fleet.somethingHappens();
            Prompts.Ask ask = fleet.prompts.next();
            PrefixMatch match = fleet.match(ask);
            for (int worker = 0; worker < fleet.engines.size(); worker++) {
                FakeEngine engine = fleet.engines.get(worker);
                assertThat(match.deviceTokens(fleet.number(worker)))
                        .isEqualTo(engine.cached(ask.adapter(), ask.mark(), ask.tokens(), KvMedium.DEVICE));
                assertThat(match.hostTokens(fleet.number(worker)))
                        .isEqualTo(
                                engine.cached(ask.adapter(), ask.mark(), ask.tokens(), KvMedium.DEVICE, KvMedium.HOST));
                assertThat(match.tokens(fleet.number(worker)))
                        .isEqualTo(engine.cached(ask.adapter(), ask.mark(), ask.tokens(), ALL));
                assertThat(match.confirmedTokens(fleet.number(worker))).isEqualTo(match.tokens(fleet.number(worker)));
            }
        }
    }

    /// Too small a limit, and events that never arrive as they are of blocks unknown: less is known, never
    /// more.
    @ParameterizedTest
    @Seeds(100)
    void withinItsLimitItNeverClaimsMoreThanThereIs(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int limit = random.nextInt(1, 30);
        Fleet fleet = new Fleet(random, new KvIndexLimits(80, limit));
        for (int i = 0; i < 150; i++) {
            fleet.somethingHappens();
            Prompts.Ask ask = fleet.prompts.next();
            PrefixMatch match = fleet.match(ask);
            for (int worker = 0; worker < fleet.engines.size(); worker++) {
                FakeEngine engine = fleet.engines.get(worker);
                assertThat(match.tokens(fleet.number(worker)))
                        .isLessThanOrEqualTo(engine.cached(ask.adapter(), ask.mark(), ask.tokens(), ALL));
            }
            assertThat(fleet.index.figures().pairs())
                    .isLessThanOrEqualTo((long) limit * fleet.engines.size() * ALL.length);
        }
    }

    /// A worker's guesses add to what its events say and never take away; once their time is over they are
    /// gone.
    @ParameterizedTest
    @Seeds(60)
    void guessesAddWhatWasRoutedUntilTheyExpire(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Fleet fleet = new Fleet(random, KvIndexLimits.STANDARD);
        long now = 0;
        for (int i = 0; i < 100; i++) {
            now += random.nextInt(100);
            fleet.somethingHappens();
            Prompts.Ask ask = fleet.prompts.next();
            int to = random.nextInt(fleet.engines.size());
            int size = fleet.engines.get(to).blockTokens;
            boolean sizeIsKnown = fleet.match(ask).tokens(fleet.number(to)) > 0 || fleet.told(to);
            fleet.index.routed(fleet.number(to), ask.keys(), now);
            PrefixMatch match = fleet.match(ask);
            assertThat(match.tokens(fleet.number(to))).isEqualTo(sizeIsKnown ? ask.tokens().length / size * size : 0);
            assertThat(match.confirmedTokens(fleet.number(to)))
                    .isEqualTo(fleet.engines.get(to).cached(ask.adapter(), ask.mark(), ask.tokens(), ALL));
        }
        fleet.index.expire(now + 20_000);
        Prompts.Ask ask = fleet.prompts.next();
        for (int worker = 0; worker < fleet.engines.size(); worker++) {
            PrefixMatch match = fleet.match(ask);
            assertThat(match.tokens(fleet.number(worker))).isEqualTo(match.confirmedTokens(fleet.number(worker)));
        }
    }

    /// All clear: nothing is held for anybody.
    @ParameterizedTest
    @Seeds(20)
    void holdsNothingForThoseWhoLeft(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Fleet fleet = new Fleet(random, KvIndexLimits.STANDARD);
        long empty = fleet.index.figures().bytes();
        for (int i = 0; i < 100; i++) {
            fleet.somethingHappens();
            fleet.index.routed(fleet.number(0), fleet.prompts.next().keys(), i);
        }
        for (int worker = 0; worker < fleet.engines.size(); worker++) {
            fleet.index.leave(fleet.number(worker));
        }
        assertThat(fleet.index.figures().pairs()).isZero();
        assertThat(fleet.index.figures().bytes()).isLessThan(empty);
    }

    private static final class Fleet {
        final KvIndex index;
        final Prompts prompts;
        final List<FakeEngine> engines = new ArrayList<>();
        private final List<Boolean> told = new ArrayList<>();
        private final SplittableRandom random;
        private final PrefixMatch match = new PrefixMatch();
        private final int idle;

        Fleet(SplittableRandom random, KvIndexLimits limits) {
            this.random = random;
            this.index = new KvIndex(limits);
            this.prompts = new Prompts(random);
            // Up to 64 workers are one word of bits, more of them several.
            idle = random.nextInt(3) == 0 ? 64 : 0;
            for (int number = 0; number < idle; number++) {
                index.join(KvWorkerOptions.events("model"));
            }
            for (int worker = 0; worker < random.nextInt(1, 9); worker++) {
                engines.add(new FakeEngine(new int[] {1, 3, 4, 16}[random.nextInt(4)], random.split()));
                assertThat(index.join(KvWorkerOptions.events("model"))).isEqualTo(number(worker));
                told.add(false);
            }
        }

        /// The index's number of an engine.
        int number(int worker) {
            return idle + worker;
        }

        PrefixMatch match(Prompts.Ask ask) {
            index.match(ask.keys(), match);
            return match;
        }

        /// Whether the worker has stored a block since it was clear, so that its block size is known.
        boolean told(int worker) {
            return told.get(worker);
        }

        void somethingHappens() {
            int worker = random.nextInt(engines.size());
            FakeEngine engine = engines.get(worker);
            switch (random.nextInt(20)) {
                case 0 -> engine.clear();
                case 1, 2, 3 -> engine.evict(KvMedium.DEVICE);
                case 4 -> engine.evict(KvMedium.HOST);
                case 5, 6 -> engine.offload();
                default -> {
                    Prompts.Ask ask = prompts.next();
                    engine.compute(ask.adapter(), ask.mark(), ask.tokens());
                }
            }
            for (KvEvent event : engine.drain()) {
                index.apply(number(worker), event);
                told.set(worker, !(event instanceof KvEvent.Cleared) && (told.get(worker) || stores(event)));
            }
        }

        private static boolean stores(KvEvent event) {
            return event instanceof KvEvent.Stored stored && stored.tokens().length > 0;
        }
    }
}
