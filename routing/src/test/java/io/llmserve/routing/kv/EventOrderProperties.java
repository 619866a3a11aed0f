package io.llmserve.routing.kv;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.KvEventBatch;
import io.llmserve.routing.kv.EventOrder.Step;
import io.llmserve.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;

/// One publisher and one index with a bad network between them.
final class EventOrderProperties {
    /// Batches are lost, doubled, swapped and damaged, replays end early or never, connections break, the
    /// publisher starts again: what the index claims was true after the last batch that it applied.
    @ParameterizedTest
    @Seeds(100)
    void neverClaimsWhatWasNotThere(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Link link = new Link(random, random.nextInt(3) > 0, random.nextInt(1, 200));
        for (int i = 0; i < 400; i++) {
            link.somethingHappens();
            link.checkClaims();
        }
    }

    /// However bad it was: when the network behaves and the publisher still has all its batches, everything
    /// is known again.
    @ParameterizedTest
    @Seeds(60)
    void knowsEverythingAgainAfterARepair(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Link link = new Link(random, true, 100_000);
        for (int i = 0; i < 200; i++) {
            link.somethingHappens();
        }
        link.heal();
        assertThat(link.claims()).isEqualTo(link.publisher.cached());
        assertThat(link.order.isReplaying()).isFalse();
    }

    private static final class Link {
        final FakePublisher publisher;
        final EventOrder order;
        private final KvIndex index = new KvIndex(KvIndexLimits.STANDARD);
        private final int worker = index.join(KvWorkerOptions.events("model"));
        private final SplittableRandom random;
        private final List<KvEventBatch> underway = new ArrayList<>();
        private Step.@Nullable Replay wanted;
        private @Nullable KvEventBatch applied;
        private long now;

        Link(SplittableRandom random, boolean canReplay, int buffered) {
            this.random = random;
            this.publisher = new FakePublisher(random.split(), buffered);
            this.order = new EventOrder(new EventOrder.Options(canReplay, random.nextInt(1, 50), 100, 3));
        }

        void somethingHappens() {
            now += random.nextInt(30);
            switch (random.nextInt(24)) {
                case 0 -> reconnect();
                case 1 -> {
                    if (random.nextInt(4) == 0) {
                        underway.clear();
                        publisher.restart();
                        reconnect();
                    }
                }
                case 2, 3, 4, 5, 6, 7, 8 -> deliver();
                case 9, 10, 11, 12 -> answerReplay();
                case 13 -> take(order.tick(now));
                case 14 -> {
                    if (random.nextInt(10) == 0) {
                        take(order.repair(now));
                    }
                }
                default -> underway.add(publisher.step());
            }
        }

        private void reconnect() {
            underway.clear();
            take(order.connected(now));
        }

        /// The next batch, or the one behind it, at times twice or never.
        private void deliver() {
            if (underway.isEmpty()) {
                return;
            }
            KvEventBatch batch = underway.remove(underway.size() > 1 && random.nextInt(10) == 0 ? 1 : 0);
            if (random.nextInt(40) == 0) {
                take(order.unreadable(batch.sequence()));
                return;
            }
            for (int times = random.nextInt(20); times < 21; times += 10) {
                take(order.live(batch, now));
            }
        }

        private void answerReplay() {
            if (wanted != null) {
                answer(wanted, random.nextInt(5) == 0 ? random.nextInt(20) : 0);
            }
        }

        /// Of the answers the last ones may be lost, and then the end with them.
        private void answer(Step.Replay replay, int lost) {
            wanted = null;
            List<KvEventBatch> batches = publisher.replay(replay.from());
            for (KvEventBatch batch : batches.subList(0, Math.max(0, batches.size() - lost))) {
                take(order.replayed(replay.ticket(), batch, now));
            }
            if (lost == 0) {
                take(order.replayEnded(replay.ticket(), now));
            }
        }

        void heal() {
            reconnect();
            take(order.repair(now));
            while (wanted != null) {
                answer(wanted, 0);
            }
            for (int round = 0; round < 20; round++) {
                take(order.live(publisher.step(), now));
            }
        }

        private void take(List<Step> steps) {
            for (Step step : steps) {
                switch (step) {
                    case Step.Apply apply -> {
                        apply.batch().events().forEach(event -> index.apply(worker, event));
                        applied = apply.batch();
                    }
                    case Step.Clear clear -> index.clear(worker);
                    case Step.Replay replay -> wanted = replay;
                }
            }
        }

        int[] claims() {
            PrefixMatch match = new PrefixMatch();
            return publisher.probes.stream()
                    .mapToInt(ask -> {
                        index.match(ask.keys(), match);
                        return match.tokens(worker);
                    })
                    .toArray();
        }

        void checkClaims() {
            int[] claims = claims();
            KvEventBatch last = applied;
            for (int probe = 0; probe < claims.length; probe++) {
                assertThat(claims[probe])
                        .isLessThanOrEqualTo(last == null ? 0 : publisher.truthAfter(last)[probe]);
            }
        }
    }
}
