package io.llmserve.gateway;

import io.llmserve.admission.Admission;
import io.llmserve.admission.AdmissionOptions;
import io.llmserve.admission.AdmissionSnapshot;
import io.llmserve.admission.Outcome;
import io.llmserve.admission.Pass;
import io.llmserve.admission.Request;
import io.llmserve.admission.Usage;
import io.llmserve.admission.budget.Limits;
import io.llmserve.admission.budget.Refusal;
import io.llmserve.admission.budget.Resource;
import io.llmserve.admission.share.ShareOptions;
import io.llmserve.core.Clock;
import io.llmserve.core.ServeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A fixed number of places at the workers, and in front of them a bounded line in which each tenant has its fair turn:
/// room `admission`, for any thread. Who enters leaves once, whether it got a place or not.
final class FairLine {
    /// Who waits. Called under no lock, by any thread, perhaps before [#enter] has returned.
    interface Guest {
        /// It has a place.
        void granted();

        /// It waits no more.
        void turnedAway(ServeException why);
    }

    /// @param placed it has a place already
    record Entered(Pass pass, boolean placed) {}

    private static final int DRAW_TOKENS = 64;
    private static final int FIRST_GUESS = 256;

    private final Clock clock;
    private final Admission admission;
    private final Map<Pass, Guest> waiting = new HashMap<>();

    FairLine(Clock clock, int places, int mostWaiting, Duration longestWait) {
        this.clock = clock;
        this.admission = new Admission(new AdmissionOptions(
                ShareOptions.DEFAULT,
                Limits.NONE.with(Resource.CONCURRENCY, places),
                mostWaiting,
                longestWait,
                DRAW_TOKENS,
                FIRST_GUESS));
    }

    /// Throws OVERLOADED where too many wait. Otherwise the guest has a place, or will hear of it.
    Entered enter(Guest who, Request request) {
        Entered entered;
        List<Runnable> news;
        synchronized (this) {
            long now = clock.nanos();
            entered = switch (admission.offer(request, now)) {
                case Outcome.Admitted(Pass pass) -> new Entered(pass, true);
                case Outcome.Queued(Pass pass) -> new Entered(pass, false);
                case Outcome.Refused(Refusal refusal) -> throw failure(refusal);
            };
            if (!entered.placed()) {
                waiting.put(entered.pass(), who);
            }
            news = news(now);
        }
        news.forEach(Runnable::run);
        return entered;
    }

    /// Gives its place back, or leaves the line. The second time nothing happens.
    void leave(Pass pass, Usage usage) {
        List<Runnable> news;
        synchronized (this) {
            long now = clock.nanos();
            waiting.remove(pass);
            admission.settle(pass, usage, now);
            news = news(now);
        }
        news.forEach(Runnable::run);
    }

    /// The answer of somebody who has a place has so many tokens now.
    synchronized void delivered(Pass pass, long tokens) {
        if (pass.isRunning()) {
            admission.progress(pass, tokens, clock.nanos());
        }
    }

    /// Turns away those who have waited too long.
    void checkDeadlines() {
        List<Runnable> news;
        synchronized (this) {
            news = news(clock.nanos());
        }
        news.forEach(Runnable::run);
    }

    private List<Runnable> news(long now) {
        if (waiting.isEmpty()) {
            return List.of();
        }
        List<Runnable> news = new ArrayList<>();
        for (Pass pass : admission.dismissed(now)) {
            Guest guest = waiting.remove(pass);
            ServeException why = failure(pass.refusal().orElseThrow());
            if (guest != null) {
                news.add(() -> guest.turnedAway(why));
            }
        }
        for (Pass pass : admission.next(now, Integer.MAX_VALUE)) {
            Guest guest = waiting.remove(pass);
            if (guest != null) {
                news.add(guest::granted);
            }
        }
        return news;
    }

    private static ServeException failure(Refusal refusal) {
        ServeException failure = new ServeException(refusal.failure(), refusal.message());
        return refusal.retryAfter().isZero() ? failure : failure.after(refusal.retryAfter());
    }

    synchronized AdmissionSnapshot snapshot() {
        return admission.snapshot(clock.nanos());
    }
}
