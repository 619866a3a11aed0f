package io.llmserve.admission.share;

import org.jspecify.annotations.Nullable;

/// One request in the books of a [Discipline]: waits, runs, has ended. The fields are the discipline's.
public final class Turn {
    enum State {
        NEW,
        WAITING,
        RUNNING,
        ENDED
    }

    final Demand demand;
    State state = State.NEW;
    /// Order in the line of its tenant, the lowest first; among equals the one that was added first.
    double rank;
    long serial;
    /// Who has it in its line, or had it.
    @Nullable
    Flow flow;
    /// Work over weight: what the tenant's counter was raised by for this request, and what it has received.
    double charged;
    double received;
    /// Its greatest share in the bound.
    double most;
    /// The activation of the tenant in which it started.
    int activation;

    public Turn(Demand demand) {
        this.demand = demand;
    }

    public Demand demand() {
        return demand;
    }

    public boolean isWaiting() {
        return state == State.WAITING;
    }

    public boolean isRunning() {
        return state == State.RUNNING;
    }

    void pass(State from, State to) {
        if (state != from) {
            throw new IllegalStateException("a request of %s is %s, not %s".formatted(demand.tenant(), state, from));
        }
        state = to;
    }
}
