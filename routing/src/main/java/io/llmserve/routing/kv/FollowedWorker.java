package io.llmserve.routing.kv;

import io.llmserve.core.KvEventBatch;
import io.llmserve.routing.kv.EventOrder.Step;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A worker whose events feed the index: its number there, the order of its batches, and whether what it says
/// agrees with what its answers report. Whoever has the connection tells what happens there, and sends the
/// replay requests that come back. One owner thread, the index's.
public final class FollowedWorker {
    private final KvIndex index;
    private final int number;
    private final EventOrder order;
    private final HitAudit audit;
    private final Map<EventOrder.Why, Long> clears = new EnumMap<>(EventOrder.Why.class);
    private long batches;
    private long replays;

    public FollowedWorker(KvIndex index, KvWorkerOptions worker, EventOrder.Options order, HitAudit.Options audit) {
        this.index = index;
        this.number = index.join(worker);
        this.order = new EventOrder(order);
        this.audit = new HitAudit(audit);
    }

    /// Its number in the index.
    public int number() {
        return number;
    }

    public Optional<Step.Replay> connected(long nowMillis) {
        return take(order.connected(nowMillis));
    }

    public Optional<Step.Replay> live(KvEventBatch batch, long nowMillis) {
        return take(order.live(batch, nowMillis));
    }

    public Optional<Step.Replay> replayed(long ticket, KvEventBatch batch, long nowMillis) {
        return take(order.replayed(ticket, batch, nowMillis));
    }

    /// As [EventOrder#unreadable].
    public void unreadable(long sequence) {
        take(order.unreadable(sequence));
    }

    public Optional<Step.Replay> replayEnded(long ticket, long nowMillis) {
        return take(order.replayEnded(ticket, nowMillis));
    }

    public Optional<Step.Replay> tick(long nowMillis) {
        return take(order.tick(nowMillis));
    }

    /// As [HitAudit#answered]. While batches are missing there is nothing to compare.
    public Optional<Step.Replay> answered(int confirmedTokens, int predictedTokens, int cachedTokens, long nowMillis) {
        if (order.isReplaying() || !audit.answered(confirmedTokens, predictedTokens, cachedTokens, nowMillis)) {
            return Optional.empty();
        }
        return take(order.repair(nowMillis));
    }

    public void leave() {
        index.leave(number);
    }

    public Figures figures() {
        return new Figures(batches, replays, Map.copyOf(clears), audit.drift());
    }

    private Optional<Step.Replay> take(List<Step> steps) {
        Optional<Step.Replay> wanted = Optional.empty();
        for (Step step : steps) {
            switch (step) {
                case Step.Apply applied -> {
                    batches++;
                    applied.batch().events().forEach(event -> index.apply(number, event));
                }
                case Step.Clear cleared -> {
                    clears.merge(cleared.why(), 1L, Long::sum);
                    index.clear(number);
                }
                case Step.Replay replay -> {
                    replays++;
                    wanted = Optional.of(replay);
                }
            }
        }
        return wanted;
    }

    /// What has happened to the worker's events.
    ///
    /// @param batches applied
    /// @param replays asked for
    /// @param clears how often what was known was given up, and why
    public record Figures(long batches, long replays, Map<EventOrder.Why, Long> clears, HitAudit.Drift drift) {}
}
