package io.llmserve.routing.kv;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.KvEventBatch;
import io.llmserve.routing.kv.EventOrder.Step;
import io.llmserve.routing.kv.EventOrder.Step.Apply;
import io.llmserve.routing.kv.EventOrder.Step.Clear;
import io.llmserve.routing.kv.EventOrder.Step.Replay;
import io.llmserve.routing.kv.EventOrder.Why;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class EventOrderTest {
    private final EventOrder order = new EventOrder(new EventOrder.Options(true, 2, 100, 2));

    @Test
    void whoConnectsLateAsksForWhatWasBefore() {
        assertThat(order.connected(0)).containsExactly(new Replay(0, 1));
        assertThat(order.live(batch(2), 0)).as("waits").isEmpty();
        assertThat(order.replayed(1, batch(0), 0)).containsExactly(new Apply(batch(0)));
        assertThat(order.replayed(1, batch(1), 0)).containsExactly(new Apply(batch(1)));
        assertThat(order.replayEnded(1, 0)).containsExactly(new Apply(batch(2)));
        assertThat(order.live(batch(3), 0)).containsExactly(new Apply(batch(3)));
    }

    @Test
    void aGapIsReplayedFromTheLastBatchThatIsKnown() {
        applied(0, 1);
        assertThat(order.live(batch(4), 0)).containsExactly(new Replay(1, 1));
        assertThat(order.replayed(1, batch(1), 0))
                .as("it is the same publisher")
                .isEmpty();
        assertThat(order.replayed(1, batch(2), 0)).containsExactly(new Apply(batch(2)));
        assertThat(order.replayed(1, batch(3), 0)).containsExactly(new Apply(batch(3)));
        assertThat(order.replayed(1, batch(4), 0)).containsExactly(new Apply(batch(4)));
        assertThat(order.replayEnded(1, 0)).isEmpty();
    }

    @Test
    void whatWasAppliedIsNotAppliedAgain() {
        applied(0, 2);
        assertThat(order.live(batch(1), 0)).isEmpty();
        assertThat(order.live(batch(2), 0)).isEmpty();
    }

    @Test
    void aPublisherThatStartedAgainIsToldByItsTime() {
        applied(0, 7);
        KvEventBatch first = new KvEventBatch(0, 500, List.of());
        assertThat(order.live(first, 0)).containsExactly(new Clear(Why.RESTARTED), new Apply(first));
    }

    @Test
    void soIsOneWhoseFirstBatchesWereMissed() {
        applied(0, 7);
        assertThat(order.live(new KvEventBatch(3, 500, List.of()), 0))
                .containsExactly(new Clear(Why.RESTARTED), new Replay(0, 1));
    }

    /// Its sequence has overtaken the old one while nobody listened: the replay shows another batch in that
    /// place.
    @Test
    void andOneThatHasPublishedMoreThanTheOld() {
        applied(0, 7);
        assertThat(order.connected(0)).containsExactly(new Replay(7, 1));
        assertThat(order.replayed(1, new KvEventBatch(7, 500, List.of()), 0))
                .containsExactly(new Clear(Why.RESTARTED), new Replay(0, 2));
        assertThat(order.replayed(1, new KvEventBatch(8, 501, List.of()), 0))
                .as("of the replay before")
                .isEmpty();
    }

    @Test
    void andOneThatHasPublishedLess() {
        applied(0, 7);
        assertThat(order.connected(0)).containsExactly(new Replay(7, 1));
        assertThat(order.replayEnded(1, 0)).containsExactly(new Clear(Why.RESTARTED), new Replay(0, 2));
    }

    @Test
    void whatTheBufferHasDroppedIsLost() {
        applied(0, 1);
        assertThat(order.live(batch(90), 0)).containsExactly(new Replay(1, 1));
        assertThat(order.replayed(1, batch(89), 0)).containsExactly(new Clear(Why.LOST), new Apply(batch(89)));
        assertThat(order.replayEnded(1, 0)).containsExactly(new Apply(batch(90)));
    }

    @Test
    void aReplayThatNeverComesIsAskedForAgainAndThenGivenUp() {
        applied(0, 1);
        assertThat(order.live(batch(5), 0)).containsExactly(new Replay(1, 1));
        assertThat(order.tick(100)).isEmpty();
        assertThat(order.tick(101)).containsExactly(new Replay(1, 2));
        assertThat(order.tick(202)).containsExactly(new Clear(Why.LOST), new Apply(batch(5)));
    }

    @Test
    void whatDoesNotFitIntoTheWaitingRoomIsAskedForAgain() {
        applied(0, 1);
        order.live(batch(5), 0);
        order.live(batch(6), 0);
        order.live(batch(7), 0);
        for (int sequence = 1; sequence < 5; sequence++) {
            order.replayed(1, batch(sequence), 0);
        }
        assertThat(order.replayEnded(1, 0)).containsExactly(new Apply(batch(5)), new Apply(batch(6)));
        assertThat(order.live(batch(8), 0)).containsExactly(new Replay(6, 2));
    }

    @Test
    void whatCannotBeReadIsLost() {
        applied(0, 3);
        assertThat(order.unreadable(2)).as("it was read before").isEmpty();
        assertThat(order.unreadable(4)).containsExactly(new Clear(Why.LOST));
        assertThat(order.live(batch(5), 0)).containsExactly(new Apply(batch(5)));
    }

    @Test
    void soItIsInAReplay() {
        applied(0, 1);
        order.live(batch(5), 0);
        order.replayed(1, batch(1), 0);
        order.replayed(1, batch(2), 0);
        assertThat(order.unreadable(3)).containsExactly(new Clear(Why.LOST));
        assertThat(order.replayed(1, batch(4), 0)).containsExactly(new Apply(batch(4)));
        assertThat(order.replayEnded(1, 0)).containsExactly(new Apply(batch(5)));
    }

    @Test
    void withoutReplaysAGapStartsAnew() {
        EventOrder without = new EventOrder(new EventOrder.Options(false, 2, 100, 2));
        assertThat(without.connected(0)).isEmpty();
        assertThat(without.live(batch(7), 0)).containsExactly(new Apply(batch(7)));
        assertThat(without.live(batch(9), 0)).containsExactly(new Clear(Why.LOST), new Apply(batch(9)));
        assertThat(without.connected(0)).containsExactly(new Clear(Why.LOST));
        assertThat(without.repair(0)).isEmpty();
    }

    private void applied(int from, int to) {
        List<Step> steps = new ArrayList<>();
        for (int sequence = from; sequence <= to; sequence++) {
            steps.addAll(order.live(batch(sequence), 0));
        }
        assertThat(steps).hasSize(to - from + 1).allMatch(step -> step instanceof Apply);
    }

    private static KvEventBatch batch(long sequence) {
        return new KvEventBatch(sequence, 100.0 + sequence, List.of());
    }
}
