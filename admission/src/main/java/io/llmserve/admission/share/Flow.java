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
    /// What requests that started before the last activation may still give back.
    double refundable;
    /// The most that its running requests can receive, over weight.
    double inFlight;

    Flow(String tenant, long serial) {
        this.tenant = tenant;
        this.serial = serial;
    }

    boolean isIdle() {
        return waiting.isEmpty() && running == 0;
    }
}
