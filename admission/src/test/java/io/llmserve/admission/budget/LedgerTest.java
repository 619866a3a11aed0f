package io.llmserve.admission.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Failure;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LedgerTest {
    private static final long SECOND = 1_000_000_000L;

    private final Ledger ledger = new Ledger(Limits.NONE.with(Resource.TOKENS_IN_FLIGHT, 1_000));

    @Test
    void refusesWithBothNumbersAndWhenToComeBack() {
        Limits limits = Limits.NONE.with(Resource.TOKENS_PER_MINUTE, 100);
        take("acme", limits, 95, 0);
        Refusal refusal = refuse("acme", limits, 10, 20 * SECOND);
        assertThat(refusal.failure()).isEqualTo(Failure.OVERLOADED);
        assertThat(refusal.message())
                .isEqualTo("Tenant acme: 95 of 100 tokens per minute are taken, and this request needs 10.");
        assertThat(refusal.limitLabel()).isEqualTo("tokens_per_minute");
        assertThat(refusal.retryAfter()).isEqualTo(Duration.ofSeconds(41));
        take("acme", limits, 10, 61 * SECOND);
    }

    @Test
    void whatCanNeverFitIsNotToldToComeBack() {
        Limits limits = Limits.NONE.with(Resource.KV_BYTES, 10);
        Ledger.Answer answer = ledger.reserve("acme", limits, new Amount(1, 11, 0), 0);
        Refusal refusal = ((Ledger.Answer.Refused) answer).refusal();
        assertThat(refusal.failure()).isEqualTo(Failure.TOO_LARGE);
        assertThat(refusal.message())
                .isEqualTo("This request needs 11 bytes of KV memory; the limit of tenant acme is 10.");
        assertThat(refusal.retryAfter()).isZero();
        assertThat(refuse("acme", Limits.NONE, 1_001, 0).message())
                .isEqualTo("This request needs 1001 tokens in flight; the limit of all tenants is 1000.");
    }

    @Test
    void anotherTenantsSpendingIsNotMine() {
        Limits limits = Limits.NONE.with(Resource.CONCURRENCY, 1).with(Resource.REQUESTS_PER_DAY, 2);
        take("a", limits, 1, 0);
        assertThat(refuse("a", limits, 1, 0).limitLabel()).isEqualTo("concurrency");
        take("b", limits, 1, 0);
    }

    @Test
    void whatAllHoldIsTakenWhenItRuns() {
        Reservation first = take("a", Limits.NONE, 600, 0);
        Reservation second = take("b", Limits.NONE, 600, 0);
        assertThat(ledger.used(Resource.TOKENS_IN_FLIGHT, 0)).isZero();
        assertThat(first.run()).isEmpty();
        assertThat(second.run())
                .hasValueSatisfying(lack -> assertThat(lack.used()).isEqualTo(600));
        first.settle(600, 0);
        assertThat(second.run()).isEmpty();
        assertThat(ledger.used(Resource.TOKENS_IN_FLIGHT, 0)).isEqualTo(600);
    }

    @Test
    void drawsUpToTheLimitAndNotOneTokenFurther() {
        Limits limits = Limits.NONE.with(Resource.TOKENS_PER_MINUTE, 100);
        Reservation stream = take("a", limits, 60, 0);
        stream.run();
        assertThat(stream.draw(Amount.ofTokens(40), SECOND)).isEmpty();
        assertThat(stream.draw(Amount.ofTokens(1), SECOND)).isPresent();
        assertThat(stream.held()).isEqualTo(Amount.ofTokens(100));
        assertThat(stream.draw(Amount.ofTokens(1), 61 * SECOND))
                .as("a minute later")
                .isEmpty();
        stream.settle(101, 61 * SECOND);
        assertThat(refuse("a", limits, 60, 61 * SECOND).used()).isEqualTo(41);
    }

    @Test
    void unusedTokensAreGivenBackOnce() {
        Limits limits = Limits.NONE.with(Resource.TOKENS_PER_MINUTE, 100);
        Reservation stream = take("a", limits, 100, 0);
        stream.run();
        assertThat(stream.settle(30, SECOND)).isTrue();
        assertThat(stream.settle(0, SECOND)).isFalse();
        assertThat(ledger.used("a", Resource.TOKENS_PER_MINUTE, SECOND)).isEqualTo(30);
        assertThatThrownBy(() -> stream.draw(Amount.ofTokens(1), SECOND)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void whoNeverRanHasSpentNothing() {
        Limits limits = Limits.NONE.with(Resource.REQUESTS_PER_MINUTE, 1).with(Resource.TOKENS_PER_MINUTE, 100);
        take("a", limits, 100, 0).withdraw(SECOND);
        take("a", limits, 100, SECOND);
    }

    @Test
    void pagesThatHaveArrivedFreeTheWire() {
        Limits limits = Limits.NONE.with(Resource.KV_BITS_PER_SECOND, 10);
        Reservation moving = ((Ledger.Answer.Taken) ledger.reserve("a", limits, new Amount(1, 5, 10), 0)).reservation();
        moving.run();
        moving.release(0, 10);
        assertThat(ledger.used("a", Resource.KV_BITS_PER_SECOND, 0)).isZero();
        assertThat(ledger.used("a", Resource.KV_BYTES, 0)).isEqualTo(5);
        moving.release(0, 10);
        moving.settle(1, 0);
        assertThat(ledger.used(Resource.KV_BYTES, 0)).isZero();
    }

    @Test
    void headersTellOfTheTighterWindow() {
        Limits limits = Limits.NONE
                .with(Resource.TOKENS_PER_MINUTE, 100)
                .with(Resource.TOKENS_PER_DAY, 120)
                .with(Resource.REQUESTS_PER_MINUTE, 5);
        take("a", limits, 70, 0);
        assertThat(ledger.rates("a", 0).tokens()).hasValue(new RateLimits.Rate(100, 30, Duration.ofSeconds(61)));
        take("a", limits, 45, 61 * SECOND);
        RateLimits rates = ledger.rates("a", 61 * SECOND);
        assertThat(rates.tokens().orElseThrow().limit()).isEqualTo(120);
        assertThat(rates.tokens().orElseThrow().remaining()).isEqualTo(5);
        assertThat(rates.requests().orElseThrow().remaining()).isEqualTo(4);
        assertThat(ledger.rates("unknown", 0)).isEqualTo(RateLimits.NONE);
    }

    @Test
    void newLimitsHoldAtOnceAndKeepWhatWasTaken() {
        take("a", Limits.NONE.with(Resource.TOKENS_PER_MINUTE, 100), 80, 0);
        Limits more = Limits.NONE.with(Resource.TOKENS_PER_MINUTE, 90);
        assertThat(refuse("a", more, 11, 0).used()).isEqualTo(80);
        take("a", more, 10, 0);
        take("a", Limits.NONE, 900, 0);
    }

    @Test
    void tenantsOfWhomNothingIsKnownAreForgotten() {
        Limits limits = Limits.NONE.with(Resource.REQUESTS_PER_MINUTE, 1);
        for (int i = 0; i < 5_000; i++) {
            take("once-" + i, limits, 1, i * SECOND).settle(1, i * SECOND);
        }
        assertThat(ledger.tenants()).isLessThanOrEqualTo(1_024);
    }

    private Reservation take(String tenant, Limits limits, long tokens, long now) {
        Ledger.Answer answer = ledger.reserve(tenant, limits, Amount.ofTokens(tokens), now);
        assertThat(answer).isInstanceOf(Ledger.Answer.Taken.class);
        return ((Ledger.Answer.Taken) answer).reservation();
    }

    private Refusal refuse(String tenant, Limits limits, long tokens, long now) {
        Ledger.Answer answer = ledger.reserve(tenant, limits, Amount.ofTokens(tokens), now);
        assertThat(answer).isInstanceOf(Ledger.Answer.Refused.class);
        return ((Ledger.Answer.Refused) answer).refusal();
    }
}
