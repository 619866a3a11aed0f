package io.llmserve.admission.budget;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;

/// What one request has taken from its tenant's budget and from that of all: its tenant's part and all rates from the
/// moment it is let in, the levels of all together from the moment it runs. It can take more on the way, and is closed
/// once. Made by [Ledger#reserve].
public final class Reservation {
    /// Tokens that were taken at one time, and from which slots.
    private record Taken(long tokens, long[] fromTenant, long[] fromAll) {}

    private final Ledger ledger;
    private final Account tenant;
    private final Account all;
    private final long begin;
    private final Deque<Taken> taken = new ArrayDeque<>();
    private Amount held;
    private boolean running;
    private boolean closed;

    Reservation(Ledger ledger, Account tenant, Account all, Amount amount, long now) {
        this.ledger = ledger;
        this.tenant = tenant;
        this.all = all;
        this.begin = now;
        this.held = amount;
        tenant.hold(amount, 1);
        take(amount, 1, now);
    }

    /// Tokens, bytes and bits/s that it has now.
    public Amount held() {
        return held;
    }

    public boolean isClosed() {
        return closed;
    }

    /// Takes its place among those that run, or says what is lacking there.
    public Optional<Refusal> run() {
        if (closed || running) {
            throw new IllegalStateException("a reservation runs once, before it is closed");
        }
        Optional<Refusal> lack = all.lack(Resource.LEVELS, held, 1, ledger.now());
        if (lack.isEmpty()) {
            all.hold(held, 1);
            running = true;
        }
        return lack;
    }

    /// Takes more, all of it or nothing: then the answer says why, and nothing has changed.
    public Optional<Refusal> draw(Amount more, long nanos) {
        if (closed || !running) {
            throw new IllegalStateException("only what runs draws more");
        }
        long now = ledger.forward(nanos);
        Optional<Refusal> lack = tenant.lack(Resource.LEVELS, more, 0, now)
                .or(() -> all.lack(Resource.LEVELS, more, 0, now))
                .or(() -> tenant.lack(Resource.RATES, more, 0, now))
                .or(() -> all.lack(Resource.RATES, more, 0, now));
        if (lack.isEmpty()) {
            held = held.plus(more);
            tenant.hold(more, 0);
            all.hold(more, 0);
            take(more, 0, now);
        }
        return lack;
    }

    /// Bytes and bits/s that it needs no longer, while it goes on: pages that are gone or have arrived. Not more than
    /// it
    /// has. Tokens stay until the end.
    public void release(long kvBytes, long kvBitsPerSecond) {
        Amount less = new Amount(0, kvBytes, kvBitsPerSecond).atMost(held);
        if (!closed) {
            letGo(less, 0);
            held = held.minus(less);
        }
    }

    /// The end, however it came about. What it holds is free, and tokens that it did not use are given back. False: it
    /// was
    /// closed already, and nothing has changed.
    public boolean settle(long usedTokens, long nanos) {
        if (closed) {
            return false;
        }
        close(usedTokens, 0, nanos);
        return true;
    }

    /// It never ran: as if it had not come. False: it was closed already.
    public boolean withdraw(long nanos) {
        if (closed) {
            return false;
        }
        close(0, 1, nanos);
        return true;
    }

    private void close(long usedTokens, int requests, long nanos) {
        closed = true;
        long now = ledger.forward(nanos);
        giveBack(Math.max(0, held.tokens() - Math.max(0, usedTokens)), requests, now);
        if (running) {
            tenant.stayed(now - begin);
            all.stayed(now - begin);
        }
        letGo(held, 1);
        held = Amount.NOTHING;
        ledger.closed();
    }

    private void letGo(Amount less, int requests) {
        tenant.letGo(less, requests);
        if (running) {
            all.letGo(less, requests);
        }
    }

    private void take(Amount amount, int requests, long now) {
        long[] fromTenant = tenant.take(amount, requests, now);
        long[] fromAll = all.take(amount, requests, now);
        Taken last = taken.peekLast();
        if (last != null && Arrays.equals(last.fromTenant, fromTenant) && Arrays.equals(last.fromAll, fromAll)) {
            taken.removeLast();
            taken.addLast(new Taken(last.tokens + amount.tokens(), fromTenant, fromAll));
        } else {
            taken.addLast(new Taken(amount.tokens(), fromTenant, fromAll));
        }
    }

    /// What was taken last is what was not used. The request itself was taken first.
    private void giveBack(long tokens, int requests, long now) {
        long left = tokens;
        while (!taken.isEmpty()) {
            Taken last = taken.removeLast();
            Amount back = Amount.ofTokens(Math.min(left, last.tokens));
            int whole = taken.isEmpty() ? requests : 0;
            tenant.giveBack(back, whole, last.fromTenant, now);
            all.giveBack(back, whole, last.fromAll, now);
            left -= back.tokens();
        }
    }
}
