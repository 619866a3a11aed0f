package io.llmserve.admission.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.ToLongFunction;
import org.junit.jupiter.params.ParameterizedTest;

/// 200,000 random reservations, starts, draws, releases, ends, doubled ends and steps of the clock: after each, the
/// books
/// are the sums of what is open, and nothing is beyond its limit.
class LedgerProperties {
    private static final int EVENTS = 10_000;
    private static final long MINUTE = Resource.TOKENS_PER_MINUTE.window().toNanos();

    /// Taken at one time; the tokens that were not used are subtracted.
    private static final class Taken {
        final String tenant;
        final long time;
        long tokens;
        int requests;

        Taken(String tenant, long time, long tokens, int requests) {
            this.tenant = tenant;
            this.time = time;
            this.tokens = tokens;
            this.requests = requests;
        }
    }

    /// What the test knows of a reservation.
    private static final class Open {
        final String tenant;
        final Reservation reservation;
        final List<Taken> taken = new ArrayList<>();
        Amount held;
        boolean runs;

        Open(String tenant, Reservation reservation, Amount held) {
            this.tenant = tenant;
            this.reservation = reservation;
            this.held = held;
        }
    }

    private final List<Open> open = new ArrayList<>();
    private final List<Reservation> closed = new ArrayList<>();
    private final List<Taken> log = new ArrayList<>();

    @ParameterizedTest
    @Seeds(20)
    void theBooksAreTheSumsOfWhatIsOpenAndNothingIsBeyondItsLimit(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Limits all = limits(random, 3);
        List<Limits> each = List.of(limits(random, 1), limits(random, 1), Limits.NONE);
        Ledger ledger = new Ledger(all);
        long now = random.nextLong();
        long origin = now;
        long real = 0;
        for (int event = 0; event < EVENTS; event++) {
            now += random.nextLong(400_000_000);
            // The clock that the ledger is given may be behind for a while: then no time has passed.
            long given = random.nextInt(20) == 0 ? now - random.nextLong(10 * MINUTE) : now;
            real = Math.max(real, given - origin);
            happen(ledger, each, random, given, real);
            check(ledger, all, each, given, real);
        }
        while (!open.isEmpty()) {
            end(ledger, open.getLast(), random, now, real);
        }
        long later = now + Resource.TOKENS_PER_DAY.window().toNanos() * 2;
        for (Resource resource : Resource.values()) {
            assertThat(ledger.used(resource, later)).as("%s in all", resource).isZero();
            for (int tenant = 0; tenant < each.size(); tenant++) {
                assertThat(ledger.used("t" + tenant, resource, later)).isZero();
            }
        }
        assertThat(ledger.open()).isZero();
    }

    private void happen(Ledger ledger, List<Limits> each, SplittableRandom random, long now, long real) {
        int what = random.nextInt(10);
        Open one = open.isEmpty() ? null : open.get(random.nextInt(open.size()));
        if (what < 4 || one == null) {
            int tenant = random.nextInt(each.size());
            reserve(ledger, "t" + tenant, each.get(tenant), amount(random), now, real);
        } else if (what < 6) {
            if (!one.runs) {
                one.runs = one.reservation.run().isEmpty();
            } else {
                draw(one, new Amount(random.nextLong(40), random.nextLong(40), 0), now, real);
            }
        } else if (what == 6) {
            Amount less = new Amount(0, random.nextLong(30), random.nextLong(30)).atMost(one.held);
            one.reservation.release(less.kvBytes(), less.kvBitsPerSecond());
            one.held = one.held.minus(less);
        } else if (what == 7 && !closed.isEmpty()) {
            Reservation again = closed.get(random.nextInt(closed.size()));
            assertThat(again.settle(random.nextLong(100), now)).isFalse();
            assertThat(again.withdraw(now)).isFalse();
            again.release(5, 5);
        } else {
            end(ledger, one, random, now, real);
        }
    }

    private void reserve(Ledger ledger, String tenant, Limits limits, Amount amount, long now, long real) {
        switch (ledger.reserve(tenant, limits, amount, now)) {
            case Ledger.Answer.Taken(Reservation reservation) -> {
                Open one = new Open(tenant, reservation, amount);
                open.add(one);
                note(one, amount.tokens(), 1, real);
            }
            case Ledger.Answer.Refused(Refusal refusal) -> {
                assertThat(refusal.asked()).as("%s", refusal).isGreaterThan(refusal.limit() - refusal.used());
                assertThat(refusal.message()).contains(String.valueOf(refusal.asked()));
            }
        }
    }

    private void draw(Open one, Amount more, long now, long real) {
        Optional<Refusal> refused = one.reservation.draw(more, now);
        if (refused.isEmpty()) {
            one.held = one.held.plus(more);
            note(one, more.tokens(), 0, real);
        }
    }

    private void note(Open one, long tokens, int requests, long real) {
        Taken taken = new Taken(one.tenant, real, tokens, requests);
        one.taken.add(taken);
        log.add(taken);
    }

    private void end(Ledger ledger, Open one, SplittableRandom random, long now, long real) {
        open.remove(one);
        closed.add(one.reservation);
        int before = ledger.open();
        long used = random.nextInt(4) == 0 ? one.held.tokens() + 50 : random.nextLong(one.held.tokens() + 1);
        if (one.runs) {
            assertThat(one.reservation.settle(used, now)).isTrue();
        } else {
            used = 0;
            one.taken.getFirst().requests = 0;
            assertThat(one.reservation.withdraw(now)).isTrue();
        }
        assertThat(ledger.open()).isEqualTo(before - 1);
        long unused = Math.max(0, one.held.tokens() - used);
        for (Taken last : one.taken.reversed()) {
            long back = Math.min(unused, last.tokens);
            last.tokens -= back;
            unused -= back;
        }
        log.removeIf(taken -> taken.time < real - 2 * MINUTE);
    }

    private void check(Ledger ledger, Limits all, List<Limits> each, long now, long real) {
        for (Resource level : Resource.LEVELS) {
            long sum = sum(one -> one.runs ? of(level, one) : 0);
            assertThat(ledger.used(level, now))
                    .as("%s in all", level)
                    .isEqualTo(sum)
                    .isLessThanOrEqualTo(all.of(level));
            for (int tenant = 0; tenant < each.size(); tenant++) {
                String name = "t" + tenant;
                assertThat(ledger.used(name, level, now))
                        .as("%s of %s", level, name)
                        .isEqualTo(sum(one -> one.tenant.equals(name) ? of(level, one) : 0))
                        .isLessThanOrEqualTo(each.get(tenant).of(level));
            }
        }
        assertThat(lastMinute("", taken -> taken.tokens, real)).isLessThanOrEqualTo(all.of(Resource.TOKENS_PER_MINUTE));
        assertThat(lastMinute("", taken -> taken.requests, real))
                .isLessThanOrEqualTo(all.of(Resource.REQUESTS_PER_MINUTE));
        for (int tenant = 0; tenant < each.size(); tenant++) {
            assertThat(lastMinute("t" + tenant, taken -> taken.tokens, real))
                    .isLessThanOrEqualTo(each.get(tenant).of(Resource.TOKENS_PER_MINUTE));
            assertThat(lastMinute("t" + tenant, taken -> taken.requests, real))
                    .isLessThanOrEqualTo(each.get(tenant).of(Resource.REQUESTS_PER_MINUTE));
        }
        assertThat(ledger.open()).isEqualTo(open.size());
    }

    private long sum(ToLongFunction<Open> what) {
        return open.stream().mapToLong(what).sum();
    }

    private static long of(Resource level, Open one) {
        return one.held.of(level, 1);
    }

    /// An empty name: of all tenants.
    private long lastMinute(String tenant, ToLongFunction<Taken> what, long real) {
        return log.stream()
                .filter(taken -> taken.time > real - MINUTE && taken.tenant.startsWith(tenant))
                .mapToLong(what)
                .sum();
    }

    private static Amount amount(SplittableRandom random) {
        return new Amount(random.nextLong(120), random.nextLong(100), random.nextLong(100));
    }

    private static Limits limits(SplittableRandom random, int times) {
        return Limits.NONE
                .with(Resource.CONCURRENCY, times * (2L + random.nextInt(20)))
                .with(Resource.TOKENS_IN_FLIGHT, times * (100L + random.nextInt(1_500)))
                .with(Resource.KV_BYTES, times * (100L + random.nextInt(1_500)))
                .with(Resource.KV_BITS_PER_SECOND, times * (100L + random.nextInt(1_500)))
                .with(Resource.REQUESTS_PER_MINUTE, times * (20L + random.nextInt(100)))
                .with(Resource.TOKENS_PER_MINUTE, times * (500L + random.nextInt(8_000)))
                .with(Resource.TOKENS_PER_DAY, times * (20_000L + random.nextInt(100_000)));
    }
}
