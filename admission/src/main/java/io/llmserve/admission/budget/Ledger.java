package io.llmserve.admission.budget;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Who has taken how much. All of a request's needs are checked before any is taken, so that nothing is ever taken
/// beyond a limit. Times are nanoseconds from any origin; one that lies before an earlier one counts as that. Tenants
/// of whom nothing is known any more are forgotten.
public final class Ledger {
    private static final int FEW = 1_024;

    private final Account all;
    private final Map<String, Account> tenants = new HashMap<>();
    private int sweepAt = FEW;
    private int open;
    private boolean started;
    private long origin;
    private long now;

    public Ledger(Limits all) {
        this.all = new Account("all tenants", all);
    }

    /// Either a reservation or why there is none.
    public sealed interface Answer {
        record Taken(Reservation reservation) implements Answer {}

        record Refused(Refusal refusal) implements Answer {}
    }

    /// Takes the tenant's levels and all rates. The levels of all together are taken by [Reservation#run].
    ///
    /// @param limits the tenant's, as they are now
    public Answer reserve(String tenant, Limits limits, Amount amount, long nanos) {
        long time = forward(nanos);
        Account account = account(tenant, limits);
        Optional<Refusal> lack = account.lack(Resource.LEVELS, amount, 1, time)
                .or(() -> account.lack(Resource.RATES, amount, 1, time))
                .or(() -> all.lack(Resource.RATES, amount, 1, time))
                .or(() -> all.tooLarge(amount));
        if (lack.isPresent()) {
            return new Answer.Refused(lack.get());
        }
        open++;
        return new Answer.Taken(new Reservation(this, account, all, amount, time));
    }

    /// For the headers of an answer to this tenant.
    public RateLimits rates(String tenant, long nanos) {
        long time = forward(nanos);
        Account account = tenants.get(tenant);
        return account == null ? RateLimits.NONE : account.rates(time);
    }

    /// How much of it is taken by all who run.
    public long used(Resource resource, long nanos) {
        return all.used(resource, forward(nanos));
    }

    /// How much of it is taken by one tenant's requests, those that wait included.
    public long used(String tenant, Resource resource, long nanos) {
        Account account = tenants.get(tenant);
        return account == null ? 0 : account.used(resource, forward(nanos));
    }

    /// From now on, for all together.
    public void limit(Limits limits) {
        all.limit(limits);
    }

    /// Reservations that are not closed.
    public int open() {
        return open;
    }

    /// Tenants that are remembered.
    public int tenants() {
        return tenants.size();
    }

    private Account account(String tenant, Limits limits) {
        Account known = tenants.get(tenant);
        if (known != null) {
            known.limit(limits);
            return known;
        }
        if (tenants.size() >= sweepAt) {
            tenants.values().removeIf(account -> account.isBlank(now));
            sweepAt = Math.max(FEW, 2 * tenants.size());
        }
        Account fresh = new Account("tenant " + tenant, limits);
        tenants.put(tenant, fresh);
        return fresh;
    }

    /// How long it takes, on average, until one of those that run ends.
    public long nanosPerEnd() {
        return all.nanosPerEnd();
    }

    void closed() {
        open--;
    }

    long now() {
        return now;
    }

    /// Nanoseconds since the first call; never fewer than before.
    public long forward(long nanos) {
        if (!started) {
            started = true;
            origin = nanos;
        }
        now = Math.max(now, nanos - origin);
        return now;
    }
}
