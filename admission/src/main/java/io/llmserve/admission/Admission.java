package io.llmserve.admission;

import io.llmserve.admission.budget.Amount;
import io.llmserve.admission.budget.Ledger;
import io.llmserve.admission.budget.Limits;
import io.llmserve.admission.budget.RateLimits;
import io.llmserve.admission.budget.Refusal;
import io.llmserve.admission.budget.Reservation;
import io.llmserve.admission.budget.Resource;
import io.llmserve.admission.share.Demand;
import io.llmserve.admission.share.FairShare;
import io.llmserve.admission.share.TenantLengths;
import io.llmserve.admission.share.Tokens;
import io.llmserve.admission.share.Turn;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedSet;

/// The door. What a tenant may use, it takes when it comes: over its budget, or over the rates of all together, it is
/// refused. What all together may hold at a time is taken when it runs: until then it waits for its fair turn, and is
/// refused when that does not come in time. Nothing is used before it is taken, and each request gives back once,
/// however it ends. After a request has ended or was dismissed there may be room: ask [#next]. Every call takes `O(log
/// n)`. Times are nanoseconds from any origin, as `System.nanoTime()` has
/// them; one that lies before an earlier one counts as that. Not thread-safe.
public final class Admission {
    private static final int MOST_LEARNED = 10_000;
    private static final Duration SOON = Duration.ofSeconds(1);
    private static final Duration LATE = Duration.ofMinutes(1);

    private final AdmissionOptions options;
    private final FairShare share;
    private final Ledger ledger;
    private final TenantLengths lengths;
    private final Map<Turn, Pass> waiting = new HashMap<>();
    /// Those that wait in the order in which they came: everybody may wait equally long.
    private final SequencedSet<Pass> line = new LinkedHashSet<>();
    private final List<Pass> displaced = new ArrayList<>();
    /// What the head lacked when it was asked last.
    private Optional<Refusal> blocked = Optional.empty();
    private int running;

    public Admission(AdmissionOptions options) {
        this.options = options;
        this.share = new FairShare(options.share());
        this.ledger = new Ledger(options.all());
        this.lengths = new TenantLengths(options.firstGuess(), MOST_LEARNED);
    }

    /// It runs if nobody waits and there is room; otherwise it waits or is refused. When it takes the place of another
    /// one in a full line, [#dismissed] has that.
    public Outcome offer(Request request, long nanos) {
        long now = ledger.forward(nanos);
        long expected = lengths.of(request.tenant()).expect(request.promptTokens(), mostAnswer(request));
        return switch (ledger.reserve(request.tenant(), request.terms().limits(), amount(request, expected), nanos)) {
            case Ledger.Answer.Refused(Refusal refusal) -> new Outcome.Refused(refusal);
            case Ledger.Answer.Taken(Reservation reservation) -> {
                Pass pass = new Pass(request, new Turn(demand(request, expected, now)), reservation, now);
                waiting.put(pass.turn, pass);
                line.add(pass);
                share.add(pass.turn);
                yield place(pass, nanos);
            }
        };
    }

    private static long mostAnswer(Request request) {
        return request.askedTokens().orElse(request.mostTokens());
    }

    private static Amount amount(Request request, long expected) {
        long tokens = request.promptTokens() + request.askedTokens().orElse(expected);
        return new Amount(tokens, tokens * request.kvBytesPerToken(), request.kvBitsPerSecond());
    }

    private static Demand demand(Request request, long expected, long now) {
        return new Demand(
                request.tenant(),
                request.terms().weight(),
                request.priority(),
                now,
                new Tokens(request.promptTokens() - request.cachedTokens(), expected),
                new Tokens(request.promptTokens(), mostAnswer(request)));
    }

    private Outcome place(Pass pass, long nanos) {
        if (line.size() == 1 && !next(nanos, 1).isEmpty()) {
            return new Outcome.Admitted(pass);
        }
        if (line.size() > options.mostWaiting()) {
            Pass last = passOf(share.last().orElseThrow());
            dismiss(
                    last,
                    saturated(
                            Refusal.Kind.QUEUE_FULL,
                            "queue",
                            "places in the line are taken",
                            line.size() - 1L,
                            options.mostWaiting()),
                    nanos);
            if (last == pass) {
                return new Outcome.Refused(pass.refusal().orElseThrow());
            }
            displaced.add(last);
        }
        return new Outcome.Queued(pass);
    }

    /// Those whose turn it is, in order: as many as there is room for, and at most `places`. A head for which there is
    /// no room holds the door: whoever passed it by would let it wait without end.
    public List<Pass> next(long nanos, int places) {
        ledger.forward(nanos);
        List<Pass> admitted = new ArrayList<>();
        while (admitted.size() < places && share.head().isPresent()) {
            Pass head = passOf(share.head().orElseThrow());
            blocked = head.reservation.run();
            if (blocked.isPresent()) {
                break;
            }
            share.startHead();
            leaveLine(head);
            running++;
            admitted.add(head);
        }
        return admitted;
    }

    /// Those that wait no more, each with its refusal: they waited too long, or had to make room for others. Told once.
    public List<Pass> dismissed(long nanos) {
        long now = ledger.forward(nanos);
        List<Pass> gone = new ArrayList<>(displaced);
        displaced.clear();
        long most = options.longestWait().toNanos();
        while (!line.isEmpty() && now - line.getFirst().arrival >= most) {
            Pass late = line.getFirst();
            long waited = Duration.ofNanos(now - late.arrival).toMillis();
            Refusal refusal = saturated(
                    Refusal.Kind.WAITED_TOO_LONG,
                    "wait",
                    "ms",
                    waited,
                    options.longestWait().toMillis());
            dismiss(late, refusal, nanos);
            gone.add(late);
        }
        return gone;
    }

    /// Until [#dismissed] has somebody, unless things change.
    public OptionalLong nanosToDeadline(long nanos) {
        long now = ledger.forward(nanos);
        if (!displaced.isEmpty()) {
            return OptionalLong.of(0);
        }
        return line.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(Math.max(
                        0, line.getFirst().arrival + options.longestWait().toNanos() - now));
    }

    private Refusal saturated(Refusal.Kind kind, String label, String words, long used, long limit) {
        Duration drained = Duration.ofNanos(ledger.nanosPerEnd() * (1L + line.size()));
        Duration retry = drained.compareTo(SOON) < 0 ? SOON : drained.compareTo(LATE) > 0 ? LATE : drained;
        return Refusal.saturated(kind, label, words, used, limit, blocked, retry);
    }

    private void dismiss(Pass pass, Refusal refusal, long nanos) {
        pass.refusal = refusal;
        withdraw(pass, nanos);
    }

    private void withdraw(Pass pass, long nanos) {
        share.withdraw(pass.turn);
        leaveLine(pass);
        pass.reservation.withdraw(nanos);
    }

    private void leaveLine(Pass pass) {
        waiting.remove(pass.turn);
        line.remove(pass);
    }

    private Pass passOf(Turn turn) {
        Pass pass = waiting.get(turn);
        if (pass == null) {
            throw new IllegalStateException("nobody waits with " + turn.demand());
        }
        return pass;
    }

    /// The answer is about to have so many tokens, all in all. More than it has room for is drawn first; where that
    /// is refused, the tokens must not be delivered, and nothing has been taken for them.
    public Optional<Refusal> progress(Pass pass, long generated, long nanos) {
        if (!pass.isRunning()) {
            throw new IllegalStateException("only what runs makes progress: " + pass.turn.demand());
        }
        long missing = generated - pass.mayGenerate();
        if (missing > 0) {
            long most = Math.max(missing, mostAnswer(pass.request()) - pass.mayGenerate());
            long ahead = Math.min(most, Math.max(missing, options.drawTokens()));
            Optional<Refusal> refused = pass.reservation.draw(more(pass, ahead), nanos);
            if (refused.isPresent() && ahead > missing) {
                refused = pass.reservation.draw(more(pass, missing), nanos);
            }
            if (refused.isPresent()) {
                return refused;
            }
        }
        pass.generated = Math.max(pass.generated, generated);
        Request request = pass.request();
        share.received(pass.turn, new Tokens(request.promptTokens() - request.cachedTokens(), pass.generated));
        return Optional.empty();
    }

    private static Amount more(Pass pass, long tokens) {
        return new Amount(tokens, tokens * pass.request().kvBytesPerToken(), 0);
    }

    /// Its pages have arrived: others may use the wire.
    public void transferred(Pass pass) {
        pass.reservation.release(0, pass.request().kvBitsPerSecond());
    }

    /// The end of what runs, or of what waits: then nothing was used. False: it was closed already.
    public boolean settle(Pass pass, Usage usage, long nanos) {
        if (pass.isWaiting()) {
            withdraw(pass, nanos);
            return true;
        }
        if (!pass.isRunning()) {
            return false;
        }
        running--;
        share.received(pass.turn, new Tokens(usage.promptTokens() - usage.cachedTokens(), usage.generatedTokens()));
        share.end(pass.turn);
        if (usage.finished()) {
            lengths.of(pass.request().tenant()).learn(pass.request().promptTokens(), usage.generatedTokens());
        }
        return pass.reservation.settle(usage.promptTokens() + usage.generatedTokens(), nanos);
    }

    /// The client has gone. It pays for its prompt and what it was given. False: it was closed already.
    public boolean cancel(Pass pass, long nanos) {
        Request request = pass.request();
        return settle(pass, new Usage(request.promptTokens(), request.cachedTokens(), pass.generated, false), nanos);
    }

    /// For the headers of an answer to this tenant.
    public RateLimits rates(String tenant, long nanos) {
        return ledger.rates(tenant, nanos);
    }

    /// What all together may use, from now on.
    public void limit(Limits all) {
        ledger.limit(all);
    }

    public AdmissionSnapshot snapshot(long nanos) {
        Map<Resource, Long> used = new EnumMap<>(Resource.class);
        for (Resource resource : Resource.values()) {
            used.put(resource, ledger.used(resource, nanos));
        }
        return new AdmissionSnapshot(line.size(), running, share.gap(), share.bound(), used);
    }
}
