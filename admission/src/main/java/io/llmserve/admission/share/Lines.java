package io.llmserve.admission.share;

import io.llmserve.admission.share.Turn.State;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/// The lines of all tenants, one each.
final class Lines {
    private final Map<String, Flow> flows = new HashMap<>();
    private final TreeSet<Flow> byLength = new TreeSet<>(Flow.BY_LENGTH);
    private long serials;
    private int waiting;

    /// The tenant's line; a new one is empty and its counter 0.
    Flow of(String tenant) {
        return flows.computeIfAbsent(tenant, name -> new Flow(name, serials++));
    }

    void add(Flow flow, Turn turn, double rank) {
        turn.pass(State.NEW, State.WAITING);
        turn.flow = flow;
        turn.rank = rank;
        turn.serial = serials++;
        flow.waiting.add(turn);
        waiting++;
        measure(flow, turn);
    }

    /// The first of the line runs.
    Turn start(Flow flow) {
        Turn turn = flow.waiting.removeFirst();
        turn.pass(State.WAITING, State.RUNNING);
        waiting--;
        flow.running++;
        measure(flow, turn);
        return turn;
    }

    Flow withdraw(Turn turn) {
        turn.pass(State.WAITING, State.ENDED);
        Flow flow = flowOf(turn);
        flow.waiting.remove(turn);
        waiting--;
        measure(flow, turn);
        return flow;
    }

    Flow end(Turn turn) {
        turn.pass(State.RUNNING, State.ENDED);
        Flow flow = flowOf(turn);
        flow.running--;
        return flow;
    }

    static Flow flowOf(Turn turn) {
        if (turn.flow == null) {
            throw new IllegalStateException("a request of %s was never added".formatted(turn.demand.tenant()));
        }
        return turn.flow;
    }

    private void measure(Flow flow, Turn changed) {
        byLength.remove(flow);
        flow.length = flow.waiting.size() / changed.demand.weight();
        if (!flow.waiting.isEmpty()) {
            byLength.add(flow);
        }
    }

    void forget(Flow flow) {
        flows.remove(flow.tenant);
    }

    void forgetAll() {
        flows.clear();
    }

    int waiting() {
        return waiting;
    }

    int tenants() {
        return flows.size();
    }

    /// The last of the longest line, for its tenant's weight: who floods is turned away first.
    Optional<Turn> last() {
        return byLength.isEmpty()
                ? Optional.empty()
                : Optional.of(byLength.last().waiting.last());
    }
}
