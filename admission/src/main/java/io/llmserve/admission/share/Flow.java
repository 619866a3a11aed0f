package io.llmserve.admission.share;

import java.util.Comparator;
import java.util.TreeSet;

/// The line of one tenant, and its account.
final class Flow {
    static final Comparator<Flow> BY_COUNTER =
            Comparator.<Flow>comparingDouble(flow -> flow.counter).thenComparingLong(flow -> flow.serial);
    static final Comparator<Flow> BY_LENGTH =
            Comparator.<Flow>comparingDouble(flow -> flow.length).thenComparingLong(flow -> flow.serial);
    private static final Comparator<Turn> BY_RANK =
            Comparator.<Turn>comparingDouble(turn -> turn.rank).thenComparingLong(turn -> turn.serial);

    final String tenant;
    final long serial;
    final TreeSet<Turn> waiting = new TreeSet<>(BY_RANK);
    /// Waiting requests over the tenant's weight.
    double length;
    int running;
    /// Virtual time of the tenant: work charged, over weight.
    double counter;
    /// How often it came back to an empty line.
    int activations;
    /// Charged to running requests and not received yet: of those that started since it came back, and before that.
    double owed;
    double owedBefore;
    /// What those that started before it came back may still give back.
    double refundable;
    /// The most that its running requests can receive, over weight.
    double inFlight;

    Flow(String tenant, long serial) {
        this.tenant = tenant;
        this.serial = serial;
    }

    /// The counter cannot fall below it.
    double floor() {
        return counter - owed - Math.min(owedBefore, refundable);
    }

    /// A running request received so much of what it was charged, or gives it back.
    void pay(Turn turn, double work) {
        if (turn.activation == activations) {
            owed -= work;
        } else {
            owedBefore -= work;
        }
    }

    /// Nothing runs: what is in flight, or owed, can only be the rounding of sums.
    void forgetRounding() {
        inFlight = 0;
        owed = 0;
        owedBefore = 0;
    }

    boolean isIdle() {
        return waiting.isEmpty() && running == 0;
    }
}
