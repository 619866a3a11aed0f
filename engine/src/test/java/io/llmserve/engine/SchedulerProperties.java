package io.llmserve.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.engine.Scheduler.Slice;
import io.llmserve.testkit.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;

/// Random submits, steps, cancels and failures against a small pool: pages are lent and given back exactly.
class SchedulerProperties {
    private static final int VOCABULARY = 3;
    private static final int CONTEXT = 96;

    private final List<Sequence> live = new ArrayList<>();
    private long arrivals;

    @ParameterizedTest
    @Seeds(300)
    void lendsEveryPageExactlyAndFinishesEveryone(long seed) {
        Random random = new Random(seed);
        int pages = CONTEXT / Sequence.PAGE_TOKENS + random.nextInt(12);
        BlockPool pool = new BlockPool(pages);
        Scheduler scheduler = new Scheduler(limits(random), random.nextInt(4) > 0, pool);
        for (int turn = 0; turn < 150; turn++) {
            switch (random.nextInt(8)) {
                case 0, 1 -> submit(scheduler, random);
                case 2 -> end(scheduler, random);
                default -> step(scheduler, random);
            }
            assertPagesAreExact(pool);
        }
        for (int turn = 0; !live.isEmpty(); turn++) {
            assertThat(turn).as("steps until all have ended").isLessThan(20_000);
            step(scheduler, random);
            assertPagesAreExact(pool);
        }
        assertThat(pool.free()).isEqualTo(pages);
        assertThat(scheduler.running() + scheduler.waiting()).isZero();
    }

    private static EngineOptions.Batching limits(Random random) {
        int sequences = 1 + random.nextInt(6);
        boolean chunked = random.nextBoolean();
        int tokens = chunked ? sequences + 1 + random.nextInt(80) : CONTEXT + random.nextInt(64);
        return new EngineOptions.Batching(sequences, tokens, 1 + random.nextInt(40), chunked);
    }

    /// Few token values and salts, so that prefixes are often equal.
    private void submit(Scheduler scheduler, Random random) {
        int[] prompt = new int[1 + random.nextInt(CONTEXT - 1)];
        int repeated = random.nextInt(prompt.length + 1);
        for (int i = repeated; i < prompt.length; i++) {
            prompt[i] = random.nextInt(VOCABULARY);
        }
        Sequence sequence = new Sequence(
                prompt, new int[0], "salt" + random.nextInt(2), random.nextInt(3), arrivals++, random.nextInt(4) == 0);
        live.add(sequence);
        scheduler.add(sequence);
    }

    private void end(Scheduler scheduler, Random random) {
        if (!live.isEmpty()) {
            Sequence sequence = live.remove(random.nextInt(live.size()));
            if (random.nextBoolean()) {
                scheduler.remove(sequence);
            } else {
                scheduler.discard(sequence);
            }
        }
    }

    private void step(Scheduler scheduler, Random random) {
        List<Slice> slices = scheduler.next();
        assertThat(slices.isEmpty()).as("nothing to do").isEqualTo(live.isEmpty());
        for (Slice slice : slices) {
            assertThat(live).contains(slice.sequence());
            assertThat(slice.from()).isEqualTo(slice.sequence().computed());
            assertThat(slice.from() + slice.count())
                    .isLessThanOrEqualTo(slice.sequence().length());
            assertThat(slice.sequence().pageCount() * Sequence.PAGE_TOKENS)
                    .as("pages hold the slice")
                    .isGreaterThanOrEqualTo(slice.from() + slice.count());
        }
        for (Slice slice : slices) {
            scheduler.computed(slice);
            scorePrompt(slice);
            if (slice.from() + slice.count() == slice.sequence().length()) {
                assertThat(slice.sequence().hasUnscoredPrompt()).isFalse();
                advance(scheduler, slice.sequence(), random);
            }
        }
    }

    /// Each position once and in order, whatever was cached or preempted.
    private static void scorePrompt(Slice slice) {
        Sequence sequence = slice.sequence();
        for (int position = slice.from(); position < slice.from() + slice.count(); position++) {
            if (position < sequence.length() - 1 && sequence.needsLogits(position)) {
                assertThat(position).isEqualTo(sequence.firstLogits());
                sequence.score();
            }
        }
    }

    private void advance(Scheduler scheduler, Sequence sequence, Random random) {
        sequence.append(random.nextInt(VOCABULARY));
        if (sequence.length() >= CONTEXT || random.nextInt(12) == 0) {
            scheduler.remove(sequence);
            live.remove(sequence);
        }
    }

    private void assertPagesAreExact(BlockPool pool) {
        Map<Integer, Integer> holders = new HashMap<>();
        for (Sequence sequence : live) {
            for (int i = 0; i < sequence.pageCount(); i++) {
                holders.merge(sequence.pages()[i], 1, Integer::sum);
            }
        }
        for (int page = 0; page < pool.pages(); page++) {
            assertThat(pool.holders(page)).as("holders of page %d", page).isEqualTo(holders.getOrDefault(page, 0));
        }
        assertThat(pool.free()).isEqualTo(pool.pages() - holders.size());
        assertThat(pool.cached()).isLessThanOrEqualTo(pool.free());
    }
}
