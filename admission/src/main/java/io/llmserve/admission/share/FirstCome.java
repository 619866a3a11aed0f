package io.llmserve.admission.share;

import io.llmserve.admission.share.Turn.State;
import java.util.Comparator;
import java.util.Optional;
import java.util.TreeSet;

/// First come, first served, whoever it is.
public final class FirstCome implements Discipline {
    private final TreeSet<Turn> line = new TreeSet<>(Comparator.comparingLong(turn -> turn.serial));
    private long serials;

    @Override
    public void add(Turn turn) {
        turn.pass(State.NEW, State.WAITING);
        turn.serial = serials++;
        line.add(turn);
    }

    @Override
    public Optional<Turn> head() {
        return line.isEmpty() ? Optional.empty() : Optional.of(line.first());
    }

    @Override
    public Turn startHead() {
        Turn head = line.removeFirst();
        head.pass(State.WAITING, State.RUNNING);
        return head;
    }

    @Override
    public void withdraw(Turn turn) {
        turn.pass(State.WAITING, State.ENDED);
        line.remove(turn);
    }

    @Override
    public void received(Turn turn, Tokens tokens) {
        // What a request costs changes nobody's turn here.
    }

    @Override
    public void end(Turn turn) {
        turn.pass(State.RUNNING, State.ENDED);
    }

    @Override
    public int waiting() {
        return line.size();
    }

    @Override
    public Optional<Turn> last() {
        return line.isEmpty() ? Optional.empty() : Optional.of(line.last());
    }
}
