package io.llmserve.routing.kv;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.KvEvent;
import io.llmserve.core.KvEventBatch;
import io.llmserve.core.KvGroup;
import io.llmserve.core.KvMedium;
import io.llmserve.routing.kv.EventOrder.Step.Replay;
import io.llmserve.routing.kv.EventOrder.Why;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

final class FollowedWorkerTest {
    private static final KvEventBatch ONE_BLOCK = new KvEventBatch(
            0,
            1,
            List.of(new KvEvent.Stored(
                    new long[] {7},
                    OptionalLong.empty(),
                    new int[16],
                    16,
                    new long[0],
                    "",
                    KvMedium.DEVICE,
                    KvGroup.ALL_LAYERS)));
    private final KvIndex index = new KvIndex(KvIndexLimits.STANDARD);
    private final FollowedWorker worker = new FollowedWorker(
            index,
            KvWorkerOptions.events("model"),
            EventOrder.Options.STANDARD,
            new HitAudit.Options(0.2, 10, 1_000, 0.98));

    @Test
    void whatIsClaimedAndNotThereIsRepairedByAReplay() {
        worker.live(ONE_BLOCK, 0);
        for (int request = 1; request < 10; request++) {
            assertThat(worker.answered(16, 16, 0, 0)).isEmpty();
        }
        assertThat(claimed()).isEqualTo(16);
        assertThat(worker.answered(16, 16, 0, 0)).contains(new Replay(0, 1));
        assertThat(claimed()).isZero();
        assertThat(worker.figures().clears()).isEqualTo(Map.of(Why.DRIFTED, 1L));
        assertThat(worker.replayed(1, ONE_BLOCK, 1)).isEmpty();
        assertThat(worker.replayEnded(1, 1)).isEmpty();
        assertThat(claimed()).isEqualTo(16);
    }

    @Test
    void repairsNotOftenerThanThePauseAllows() {
        int repairs = 0;
        for (int request = 0; request < 1_000; request++) {
            repairs += worker.answered(16, 16, 0, 2_000 + request).isPresent() ? 1 : 0;
            worker.replayEnded(repairs, request);
        }
        assertThat(repairs).isEqualTo(1);
        assertThat(worker.figures().drift().repairs()).isEqualTo(1);
    }

    @Test
    void aRightPredictionAndOneTooLowAreNoReasonToRepair() {
        for (int request = 0; request < 1_000; request++) {
            assertThat(worker.answered(160, 160, 160, request)).isEmpty();
            assertThat(worker.answered(0, 0, 160, request)).isEmpty();
        }
        assertThat(worker.figures().drift().overclaimedShare()).isZero();
        assertThat(worker.figures().drift().missedShare()).isBetween(0.45, 0.55);
    }

    /// Of a request just before, the blocks are not there yet: a guess that comes too early is no drift.
    @Test
    void guessesAreNotHeldAgainstTheWorker() {
        for (int request = 0; request < 100; request++) {
            assertThat(worker.answered(0, 160, 0, request)).isEmpty();
        }
    }

    @Test
    void countsWhatHappened() {
        worker.live(ONE_BLOCK, 0);
        worker.live(new KvEventBatch(5, 6, List.of()), 0);
        assertThat(worker.figures().batches()).isEqualTo(1);
        assertThat(worker.figures().replays()).isEqualTo(1);
        worker.leave();
        assertThat(index.figures().pairs()).isZero();
    }

    private int claimed() {
        PrefixMatch match = new PrefixMatch();
        index.match(new PrefixKeys(PrefixKeys.origin("model", "", ""), new int[16]), match);
        return match.tokens(worker.number());
    }
}
