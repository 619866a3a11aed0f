package io.llmserve.admission.share;

import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.SequencedSet;

/// One request of each tenant in its turn, whatever it costs; within a tenant first come, first served.
public final class RoundOfTenants implements Discipline {
    private final Lines lines = new Lines();
    private final SequencedSet<Flow> round = new LinkedHashSet<>();

    @Override
    public void add(Turn turn) {
        Flow flow = lines.of(turn.demand.tenant());
        lines.add(flow, turn, 0);
        round.add(flow);
    }

    @Override
    public Optional<Turn> head() {
        return round.isEmpty()
                ? Optional.empty()
                : Optional.of(round.getFirst().waiting.first());
    }

    @Override
    public Turn startHead() {
        Flow flow = round.removeFirst();
        Turn turn = lines.start(flow);
        if (!flow.waiting.isEmpty()) {
            round.addLast(flow);
        }
        return turn;
    }

    @Override
    public void withdraw(Turn turn) {
        Flow flow = lines.withdraw(turn);
        if (flow.waiting.isEmpty()) {
            round.remove(flow);
            forgetIfIdle(flow);
        }
    }

    @Override
    public void received(Turn turn, Tokens tokens) {
        // What a request costs changes nobody's turn here.
    }

    @Override
    public void end(Turn turn) {
        forgetIfIdle(lines.end(turn));
    }

    private void forgetIfIdle(Flow flow) {
        if (flow.isIdle()) {
            lines.forget(flow);
        }
    }

    @Override
    public int waiting() {
        return lines.waiting();
    }

    @Override
    public Optional<Turn> last() {
        return lines.last();
    }
}
