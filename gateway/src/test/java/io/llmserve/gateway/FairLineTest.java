package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.admission.Pass;
import io.llmserve.admission.Request;
import io.llmserve.admission.TenantTerms;
import io.llmserve.admission.Usage;
import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.testkit.Seeds;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

final class FairLineTest {
    private static final class HandClock implements Clock {
        long nanos;

        @Override
        public long nanos() {
            return nanos;
        }

        @Override
        public Instant now() {
            return Instant.ofEpochSecond(0, nanos);
        }
    }

    /// Notes what it hears.
    private static final class Waiter implements FairLine.Guest {
        final String tenant;
        int granted;
        final List<ServeException> turnedAway = new ArrayList<>();

        Waiter(String tenant) {
            this.tenant = tenant;
        }

        @Override
        public void granted() {
            granted++;
        }

        @Override
        public void turnedAway(ServeException why) {
            turnedAway.add(why);
        }
    }

    private final HandClock clock = new HandClock();

    @Test
    void aTenantsFloodWaitsForAnothersTurn() {
        FairLine line = line(1, 100);
        FairLine.Entered running = line.enter(new Waiter("flood"), request("flood"));
        for (int i = 0; i < 50; i++) {
            line.enter(new Waiter("flood"), request("flood"));
        }
        Waiter polite = new Waiter("polite");
        assertThat(line.enter(polite, request("polite")).placed()).isFalse();
        line.delivered(running.pass(), 5_000);
        line.leave(running.pass(), new Usage(100, 0, 5_000, true));
        assertThat(polite.granted).isOne();
    }

    @Test
    void whoWaitsTooLongIsTurnedAwayWithTheReason() {
        FairLine line = line(1, 9);
        line.enter(new Waiter("a"), request("a"));
        Waiter late = new Waiter("a");
        line.enter(late, request("a"));
        clock.nanos += Duration.ofSeconds(10).toNanos();
        line.checkDeadlines();
        line.checkDeadlines();
        assertThat(late.turnedAway).singleElement().satisfies(why -> {
            assertThat(why.failure()).isEqualTo(Failure.UNAVAILABLE);
            assertThat(why.retryAfter()).isPositive();
        });
    }

    @Test
    void aFullLineTurnsTheLongestFloodAway() {
        FairLine line = line(1, 2);
        line.enter(new Waiter("flood"), request("flood"));
        line.enter(new Waiter("flood"), request("flood"));
        Waiter last = new Waiter("flood");
        line.enter(last, request("flood"));
        assertThatThrownBy(() -> line.enter(new Waiter("flood"), request("flood")))
                .isInstanceOfSatisfying(
                        ServeException.class, why -> assertThat(why.failure()).isEqualTo(Failure.OVERLOADED));
        assertThat(line.enter(new Waiter("polite"), request("polite")).placed()).isFalse();
        assertThat(last.turnedAway).hasSize(1);
    }

    @ParameterizedTest
    @Seeds(200)
    void neverLendsMorePlacesThanThereAreAndForgetsNobody(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int places = random.nextInt(1, 5);
        int mostWaiting = random.nextInt(0, 6);
        FairLine line = line(places, mostWaiting);
        List<Waiter> waiters = new ArrayList<>();
        List<Pass> passes = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            clock.nanos += random.nextLong(2_000_000_000);
            switch (random.nextInt(4)) {
                case 0, 1 -> enter(line, new Waiter("t" + random.nextInt(3)), waiters, passes);
                case 2 -> {
                    if (!passes.isEmpty()) {
                        // Some leave twice, some while they wait.
                        line.leave(passes.get(random.nextInt(passes.size())), Usage.NOTHING);
                    }
                }
                default -> line.checkDeadlines();
            }
            assertThat(line.snapshot().running()).isLessThanOrEqualTo(places);
            assertThat(line.snapshot().waiting()).isLessThanOrEqualTo(mostWaiting);
            assertThat(line.snapshot().waiting() == 0 || line.snapshot().running() == places)
                    .as("nobody waits for a place that is free")
                    .isTrue();
        }
        passes.forEach(pass -> line.leave(pass, Usage.NOTHING));
        assertThat(line.snapshot().running()).isZero();
        assertThat(line.snapshot().waiting()).isZero();
        assertThat(waiters)
                .allSatisfy(waiter ->
                        assertThat(waiter.granted + waiter.turnedAway.size()).isLessThanOrEqualTo(1));
    }

    private static void enter(FairLine line, Waiter waiter, List<Waiter> waiters, List<Pass> passes) {
        try {
            FairLine.Entered entered = line.enter(waiter, request(waiter.tenant));
            passes.add(entered.pass());
            waiters.add(waiter);
        } catch (ServeException full) {
            assertThat(full.failure()).isEqualTo(Failure.OVERLOADED);
        }
    }

    private FairLine line(int places, int mostWaiting) {
        return new FairLine(clock, places, mostWaiting, Duration.ofSeconds(10));
    }

    private static Request request(String tenant) {
        return new Request(tenant, TenantTerms.DEFAULT, 0, 100, 0, OptionalLong.empty(), 8_192, 0, 0);
    }
}
