package io.llmserve.routing.kv;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.KvEventBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/// Puts one publisher's batches into the order in which they were published, each once; finds out what was
/// lost and whether the publisher is still the same one. What is to be done about it is said in steps. Time
/// is an argument.
///
/// A replay is asked for from the last batch that was applied, that one included: if it comes back with the
/// time that it had, the publisher is the same and nothing between is missing; otherwise what was applied is
/// not true any more. Batches that arrive meanwhile wait. Events are never applied past a gap without
/// clearing the worker first: one lost removal would be claimed for ever.
public final class EventOrder {
    /// Whatever comes next is taken as the first.
    private static final long ANY = -1;

    /// What the owner has to do, in this order.
    public sealed interface Step {
        /// Apply the batch's events.
        record Apply(KvEventBatch batch) implements Step {}

        /// Forget what the worker has.
        record Clear(Why why) implements Step {}

        /// Ask the publisher for its batches from this one on, and say with each answer which ticket it is
        /// for.
        record Replay(long from, long ticket) implements Step {}
    }

    /// Why what was known is not true any more.
    public enum Why {
        /// The publisher has started again, with an empty cache.
        RESTARTED,
        /// Batches are lost that cannot be had again.
        LOST,
        /// The worker reported other cache hits than were predicted.
        DRIFTED;

        /// The value of the metric label `reason`.
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// @param canReplay the publisher has a replay endpoint
    /// @param heldBatches that may wait for a replay to end; later ones are asked for again
    /// @param replayMillis without an answer after which a replay is asked for again
    /// @param attempts before a gap is given up
    public record Options(boolean canReplay, int heldBatches, long replayMillis, int attempts) {
        public static final Options STANDARD = new Options(true, 1_024, 2_000, 3);

        public Options {
            check(heldBatches > 0, "heldBatches must be positive, got %d", heldBatches);
            check(replayMillis > 0, "replayMillis must be positive, got %d", replayMillis);
            check(attempts > 0, "attempts must be positive, got %d", attempts);
        }
    }

    private final Options options;
    private final TreeMap<Long, KvEventBatch> held = new TreeMap<>();
    private final List<Step> steps = new ArrayList<>();
    /// The next batch to apply.
    private long expected;
    /// The time of the one before it.
    private double lastSeconds;

    private boolean replaying;
    /// The first answer of the replay shows whether the publisher is the same.
    private boolean verifying;
    private long ticket;
    private int attempts;
    private long heardMillis;

    public EventOrder(Options options) {
        this.options = options;
    }

    public boolean isReplaying() {
        return replaying;
    }

    /// There is a connection, the first one or another after one was lost: batches may be missing, or all be
    /// others.
    public List<Step> connected(long nowMillis) {
        held.clear();
        attempts = 0;
        if (options.canReplay) {
            expected = Math.max(0, expected);
            ask(nowMillis);
        } else {
            startAnywhere(Why.LOST);
        }
        return drain();
    }

    /// A batch as it was published.
    public List<Step> live(KvEventBatch batch, long nowMillis) {
        if (batch.sequence() < expected && batch.seconds() > lastSeconds) {
            startAgain(Why.RESTARTED);
            replaying = false;
        }
        if (expected == ANY || (batch.sequence() == expected && !replaying)) {
            accept(batch);
        } else if (batch.sequence() >= expected) {
            ahead(batch, nowMillis);
        }
        return drain();
    }

    private void ahead(KvEventBatch batch, long nowMillis) {
        if (!options.canReplay) {
            startAnywhere(Why.LOST);
            accept(batch);
            return;
        }
        if (held.size() < options.heldBatches) {
            held.put(batch.sequence(), batch);
        }
        if (!replaying) {
            ask(nowMillis);
        }
    }

    /// An answer to the replay with this ticket.
    public List<Step> replayed(long ofTicket, KvEventBatch batch, long nowMillis) {
        if (!replaying || ofTicket != ticket) {
            return List.of();
        }
        heardMillis = nowMillis;
        if (!verifying) {
            acceptReplayed(batch);
        } else if (batch.sequence() == expected - 1 && batch.seconds() == lastSeconds) {
            verifying = false;
        } else if (batch.sequence() < expected) {
            startAgain(Why.RESTARTED);
            ask(nowMillis);
        } else {
            verifying = false;
            acceptReplayed(batch);
        }
        return drain();
    }

    /// The first answer to be applied may be one later than the last applied: the publisher's buffer is
    /// finite.
    private void acceptReplayed(KvEventBatch batch) {
        if (batch.sequence() > expected) {
            startAnywhere(Why.LOST);
        }
        if (batch.sequence() >= expected) {
            accept(batch);
        }
    }

    /// A batch, live or replayed, whose bytes could not be read: whatever it said is lost. Another replay
    /// would bring the same bytes.
    public List<Step> unreadable(long sequence) {
        if (sequence >= expected) {
            startAnywhere(Why.LOST);
        }
        return drain();
    }

    /// The publisher has sent all it had for this ticket.
    public List<Step> replayEnded(long ofTicket, long nowMillis) {
        if (!replaying || ofTicket != ticket) {
            return List.of();
        }
        if (verifying) {
            startAgain(Why.RESTARTED);
            ask(nowMillis);
            return drain();
        }
        replaying = false;
        acceptHeld();
        if (held.isEmpty()) {
            attempts = 0;
        } else {
            askAgainOrGiveUp(nowMillis);
        }
        return drain();
    }

    /// To be called now and then.
    public List<Step> tick(long nowMillis) {
        if (replaying && nowMillis - heardMillis > options.replayMillis) {
            askAgainOrGiveUp(nowMillis);
        }
        return drain();
    }

    /// What is known is wrong: all that the publisher still has is asked for again.
    public List<Step> repair(long nowMillis) {
        held.clear();
        attempts = 0;
        if (options.canReplay) {
            startAgain(Why.DRIFTED);
            ask(nowMillis);
        } else {
            startAnywhere(Why.DRIFTED);
        }
        return drain();
    }

    private void askAgainOrGiveUp(long nowMillis) {
        if (++attempts < options.attempts) {
            ask(nowMillis);
            return;
        }
        replaying = false;
        attempts = 0;
        do {
            startAnywhere(Why.LOST);
            acceptHeld();
        } while (!held.isEmpty());
    }

    private void ask(long nowMillis) {
        replaying = true;
        verifying = expected > 0;
        heardMillis = nowMillis;
        ticket++;
        steps.add(new Step.Replay(verifying ? expected - 1 : 0, ticket));
    }

    /// The publisher's first batch is the next to apply.
    private void startAgain(Why why) {
        forget(why);
        held.clear();
        expected = 0;
    }

    private void startAnywhere(Why why) {
        forget(why);
        expected = ANY;
    }

    private void forget(Why why) {
        if (expected > 0) {
            steps.add(new Step.Clear(why));
        }
    }

    private void accept(KvEventBatch batch) {
        steps.add(new Step.Apply(batch));
        expected = batch.sequence() + 1;
        lastSeconds = batch.seconds();
    }

    private void acceptHeld() {
        while (!held.isEmpty() && (expected == ANY || held.firstKey() <= expected)) {
            KvEventBatch first = held.pollFirstEntry().getValue();
            if (expected == ANY || first.sequence() == expected) {
                accept(first);
            }
        }
    }

    private List<Step> drain() {
        List<Step> drained = List.copyOf(steps);
        steps.clear();
        return drained;
    }
}
