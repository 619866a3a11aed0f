package io.llmserve.admission;

import io.llmserve.admission.budget.Refusal;
import io.llmserve.admission.budget.Reservation;
import io.llmserve.admission.share.Turn;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One request that was let in, until it is closed: waits, then runs. The caller's handle; all it does is said to
/// [Admission].
public final class Pass {
    private final Request request;
    final Turn turn;
    final Reservation reservation;
    final long arrival;
    long generated;

    @Nullable
    Refusal refusal;

    Pass(Request request, Turn turn, Reservation reservation, long arrival) {
        this.request = request;
        this.turn = turn;
        this.reservation = reservation;
        this.arrival = arrival;
    }

    public Request request() {
        return request;
    }

    public boolean isWaiting() {
        return turn.isWaiting();
    }

    public boolean isRunning() {
        return turn.isRunning();
    }

    /// Why it was turned away while it waited.
    public Optional<Refusal> refusal() {
        return Optional.ofNullable(refusal);
    }

    /// Tokens that the answer may have now, without drawing more.
    public long mayGenerate() {
        return Math.max(0, reservation.held().tokens() - request.promptTokens());
    }
}
