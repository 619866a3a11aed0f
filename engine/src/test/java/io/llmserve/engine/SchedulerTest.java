package io.llmserve.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.engine.EngineOptions.Batching;
import io.llmserve.engine.Scheduler.Slice;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private static final Batching LIMITS = new Batching(4, 64, 32, true);

    private final BlockPool pool = new BlockPool(32);
    private final Scheduler scheduler = new Scheduler(LIMITS, true, pool);
    private long arrivals;

    @Test
    void cutsPromptsIntoChunksOfTheBudget() {
        Sequence prompt = add(prompt(150, 1), 0);

        assertThat(counts(step())).containsExactly(64);
        assertThat(counts(step())).containsExactly(64);
        assertThat(step()).containsExactly(new Slice(prompt, 128, 22));
    }

    @Test
    void servesDecodesFirstAndThenASmallerChunk() {
        Sequence stream = add(prompt(3, 1), 0);
        step();
        stream.append(9);
        Sequence prompt = add(prompt(150, 2), -1);

        assertThat(step()).containsExactly(new Slice(stream, 3, 1), new Slice(prompt, 0, 32));
    }

    @Test
    void takesWholePromptsWhereChunksAreOff() {
        Scheduler whole = new Scheduler(new Batching(4, 160, 32, false), true, pool);
        Sequence first = new Sequence(prompt(150, 1), "", 0, 1);
        Sequence second = new Sequence(prompt(11, 2), "", 0, 2);
        whole.add(first);
        whole.add(second);

        assertThat(whole.next()).containsExactly(new Slice(first, 0, 150));
    }

    @Test
    void prefersLowerPriorityNumbersThenEarlierArrival() {
        Sequence late = add(prompt(16, 1), 1);
        Sequence early = add(prompt(16, 2), 0);
        Sequence earlier = add(prompt(16, 3), -1);

        assertThat(step()).extracting(Slice::sequence).containsExactly(earlier, early, late);
    }

    @Test
    void recomputesOnlyTheLastBlockOfAKnownPrompt() {
        Sequence first = add(prompt(48, 1), 0);
        step();
        scheduler.remove(first);
        Sequence second = add(prompt(48, 1), 0);

        assertThat(step()).containsExactly(new Slice(second, 32, 16));
        assertThat(second.cachedTokens()).isEqualTo(32);
        assertThat(scheduler.prefixQueries()).isEqualTo(96);
        assertThat(scheduler.prefixHits()).isEqualTo(32);
    }

    @Test
    void sharesNothingAcrossSalts() {
        add(prompt(48, 1), 0);
        step();
        Sequence other = new Sequence(prompt(48, 1), "other", 0, arrivals++);
        scheduler.add(other);

        assertThat(step()).containsExactly(new Slice(other, 0, 48));
    }

    @Test
    void computesAPromptThatIsToBeScoredThoughItIsCachedAndSharesIt() {
        Sequence first = add(prompt(48, 1), 0);
        step();
        scheduler.remove(first);
        Sequence scored = addScored(prompt(48, 1));

        assertThat(step()).containsExactly(new Slice(scored, 0, 48));
        assertThat(scored.cachedTokens()).isZero();
        assertThat(scheduler.prefixQueries()).isEqualTo(48);
    }

    @Test
    void aScoredPromptGoesOnWhereItsScoresEnded() {
        Sequence scored = addScored(prompt(48, 1));
        step();
        for (int position = 0; position < 20; position++) {
            scored.score();
        }
        scheduler.remove(scored);
        scheduler.add(scored);

        assertThat(step()).containsExactly(new Slice(scored, 16, 32));
    }

    @Test
    void othersWaitForAPrefixThatIsBeingScored() {
        Sequence scored = addScored(prompt(150, 1));
        Sequence second = add(prompt(150, 1), 0);

        assertThat(step()).extracting(Slice::sequence).containsExactly(scored);
        assertThat(step()).extracting(Slice::sequence).containsExactly(scored);
        assertThat(step()).extracting(Slice::sequence).containsExactly(scored);
        assertThat(step()).contains(new Slice(second, 144, 6));
    }

    @Test
    void waitsForAPrefixThatAnotherIsComputing() {
        Sequence first = add(prompt(150, 1), 0);
        Sequence second = add(prompt(150, 1), 0);
        Sequence unrelated = add(prompt(8, 2), 0);

        assertThat(step()).extracting(Slice::sequence).containsExactly(first);
        assertThat(step()).extracting(Slice::sequence).containsExactly(first);
        assertThat(step()).extracting(Slice::sequence).containsExactly(first, unrelated);
        assertThat(step()).contains(new Slice(second, 144, 6));
    }

    @Test
    void takesOverAPrefixWhoseComputerWentAway() {
        Sequence first = add(prompt(150, 1), 0);
        Sequence second = add(prompt(150, 1), 0);
        step();
        scheduler.remove(first);

        assertThat(step()).containsExactly(new Slice(second, 64, 64));
    }

    @Test
    void preemptsTheLastInOrderWhenPagesRunOut() {
        BlockPool small = new BlockPool(4);
        Scheduler tight = new Scheduler(LIMITS, false, small);
        Sequence first = new Sequence(prompt(16, 1), "", 0, 1);
        Sequence second = new Sequence(prompt(16, 2), "", 0, 2);
        tight.add(first);
        tight.add(second);
        for (int token = 0; token < 17; token++) {
            for (Slice slice : tight.next()) {
                tight.computed(slice);
                slice.sequence().append(7);
            }
        }

        assertThat(tight.next()).extracting(Slice::sequence).containsExactly(first);
        assertThat(tight.preemptions()).isEqualTo(1);
        assertThat(second.computed()).isZero();
        assertThat(second.pageCount()).isZero();
        assertThat(tight.waiting()).isEqualTo(1);
    }

    @Test
    void forgetsWhatAFailedSequenceComputed() {
        Sequence failed = add(prompt(48, 1), 0);
        step();
        scheduler.discard(failed);
        Sequence next = add(prompt(48, 1), 0);

        assertThat(step()).containsExactly(new Slice(next, 0, 48));
    }

    @Test
    void evictsWhatWasFreeLongestAndDeepestBlocksFirst() {
        Sequence old = add(prompt(32, 1), 0);
        step();
        scheduler.remove(old);
        Sequence young = add(prompt(32, 2), 0);
        step();
        scheduler.remove(young);
        assertThat(pool.cached()).isEqualTo(4);

        for (int i = 0; i < 29; i++) {
            pool.take();
        }

        assertThat(pool.find(old.hash(1))).isEqualTo(BlockPool.NONE);
        assertThat(pool.find(old.hash(0))).isNotEqualTo(BlockPool.NONE);
        assertThat(pool.find(young.hash(1))).isNotEqualTo(BlockPool.NONE);
    }

    private Sequence add(int[] prompt, int priority) {
        Sequence sequence = new Sequence(prompt, "", priority, arrivals++);
        scheduler.add(sequence);
        return sequence;
    }

    private Sequence addScored(int[] prompt) {
        Sequence sequence = new Sequence(prompt, new int[0], "", 0, arrivals++, true);
        scheduler.add(sequence);
        return sequence;
    }

    private List<Slice> step() {
        List<Slice> slices = scheduler.next();
        slices.forEach(scheduler::computed);
        return slices;
    }

    private static List<Integer> counts(List<Slice> slices) {
        return slices.stream().map(Slice::count).toList();
    }

    private static int[] prompt(int length, int token) {
        int[] prompt = new int[length];
        Arrays.fill(prompt, token);
        return prompt;
    }
}
