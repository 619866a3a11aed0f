package io.llmserve.admission.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FairShareTest {
    private static final ShareOptions OPTIONS = new ShareOptions(new Prices(1, 1), 10, 5);

    private final FairShare share = new FairShare(OPTIONS);

    @Test
    void tenantsAreServedByTheirWeights() {
        for (int i = 0; i < 300; i++) {
            share.add(turn("gold", 3, 0, 100));
            share.add(turn("bronze", 1, 0, 100));
        }
        Map<String, Integer> served = new HashMap<>();
        for (int i = 0; i < 200; i++) {
            served.merge(serveHead().demand().tenant(), 1, Integer::sum);
        }
        assertThat(served).containsEntry("gold", 150).containsEntry("bronze", 50);
    }

    @Test
    void aFloodDoesNotDelayAnotherTenant() {
        for (int i = 0; i < 1_000; i++) {
            share.add(turn("flood", 1, 0, 100));
        }
        for (int i = 0; i < 10; i++) {
            serveHead();
        }
        Turn polite = turn("polite", 1, 1, 100);
        share.add(polite);
        assertThat(List.of(serveHead(), serveHead())).contains(polite);
    }

    @Test
    void whoWasIdleHasNoCredit() {
        share.add(turn("back", 1, 0, 100));
        share.add(turn("busy", 1, 0, 100));
        serveHead();
        for (int i = 0; i < 50; i++) {
            share.add(turn("busy", 1, i, 100));
        }
        for (int i = 0; i < 40; i++) {
            serveHead();
        }
        for (int i = 0; i < 20; i++) {
            share.add(turn("back", 1, 60, 100));
        }
        assertThat(tenantsOfNext(10)).filteredOn("busy"::equals).hasSizeBetween(4, 6);
    }

    @Test
    void whoComesBackDoesNotWaitForWhatOthersWereChargedAhead() {
        for (int i = 0; i < 10; i++) {
            share.add(turn("flood", 1, 0, 100));
        }
        Turn running = share.startHead();
        share.startHead();
        share.received(running, new Tokens(30, 0));
        for (int i = 0; i < 4; i++) {
            share.add(turn("back", 1, 1, 100));
        }
        // The flood has received 30, was charged 200, and has two requests in flight: the next two are the other's.
        assertThat(List.of(share.startHead(), share.startHead()))
                .allMatch(turn -> turn.demand().tenant().equals("back"));
        assertThat(share.gap()).isEqualTo(30);
    }

    @Test
    void whatEarlierRequestsGiveBackIsNoCreditEither() {
        share.add(turn("keeps", 1, 0, 10));
        share.add(turn("liar", 1, 0, 10_000));
        Turn huge = startOf("liar");
        for (int i = 0; i < 2_000; i++) {
            share.add(turn("keeps", 1, 1, 10));
        }
        for (int i = 0; i < 1_000; i++) {
            serveHead();
        }
        for (int i = 0; i < 100; i++) {
            share.add(turn("liar", 1, 60, 10));
        }
        // It was charged 10,000 tokens, about what the other tenant has received, and used none.
        share.end(huge);
        assertThat(tenantsOfNext(20)).filteredOn("keeps"::equals).hasSizeBetween(9, 11);
    }

    @Test
    void shorterRequestsOfATenantComeFirstUntilALongOneHasAged() {
        Turn big = turn("t", 1, 0, 1_000);
        Turn small = turn("t", 1, 98, 10);
        Turn late = turn("t", 1, 100, 10);
        share.add(big);
        share.add(small);
        share.add(late);
        assertThat(List.of(serveHead(), serveHead(), serveHead())).containsExactly(small, big, late);
    }

    @Test
    void aPriorityIsWorthSecondsOfWaiting() {
        Turn plain = new Turn(new Demand("t", 1, 0, 0, new Tokens(10, 0), new Tokens(10, 0)));
        Turn urgent = new Turn(new Demand("t", 1, 1, 4_000_000_000L, new Tokens(10, 0), new Tokens(10, 0)));
        Turn tooLate = new Turn(new Demand("t", 1, 1, 6_000_000_000L, new Tokens(10, 0), new Tokens(10, 0)));
        share.add(plain);
        share.add(tooLate);
        share.add(urgent);
        assertThat(List.of(serveHead(), serveHead(), serveHead())).containsExactly(urgent, plain, tooLate);
    }

    @Test
    void costsBeyondThoseExpectedAreChargedAtOnce() {
        share.add(turn("long-winded", 1, 0, 10));
        Turn runs = share.startHead();
        share.add(turn("long-winded", 1, 1, 10));
        share.add(turn("brief", 1, 1, 10));
        share.received(runs, new Tokens(10, 90));
        assertThat(share.head().orElseThrow().demand().tenant()).isEqualTo("brief");
        assertThat(share.gap()).isEqualTo(100);
    }

    @Test
    void whatWasNotUsedIsGivenBack() {
        for (int i = 0; i < 2; i++) {
            share.add(turn("other", 1, 0, 500));
            share.add(turn("brief", 1, 0, 1_000));
        }
        Turn other = share.startHead();
        Turn brief = share.startHead();
        assertThat(share.head().orElseThrow().demand().tenant()).isEqualTo("other");
        share.received(brief, new Tokens(20, 0));
        share.end(brief);
        assertThat(share.head().orElseThrow().demand().tenant()).isEqualTo("brief");
        share.end(other);
    }

    @Test
    void theLongestLineForItsWeightIsCutFirst() {
        Turn newest = turn("flood", 1, 0, 10);
        share.add(turn("flood", 1, 0, 10));
        share.add(newest);
        for (int i = 0; i < 7; i++) {
            share.add(turn("heavy", 4, 0, 10));
        }
        assertThat(share.last()).contains(newest);
        share.withdraw(newest);
        assertThat(share.last().orElseThrow().demand().tenant()).isEqualTo("heavy");
        assertThat(share.waiting()).isEqualTo(8);
    }

    @Test
    void tenThousandRequestsOfThousandsOfTenantsAreAllServed() {
        for (int i = 0; i < 10_000; i++) {
            share.add(turn("tenant-" + i % 5_000, 1 + i % 7, i, 1 + i % 900));
        }
        assertThat(tenantsOfNext(10_000).stream().distinct()).hasSize(5_000);
        assertThat(share.head()).isEmpty();
        assertThat(share.tenants()).as("nobody is remembered when all is done").isZero();
    }

    @Test
    void debtsOfTenantsThatComeOnceAreNotKeptForEver() {
        share.add(turn("stays", 1, 0, 1));
        share.startHead();
        for (int i = 0; i < 20_000; i++) {
            share.add(turn("once-" + i, 1, i, 100));
            serveHead();
        }
        assertThat(share.tenants()).isLessThanOrEqualTo(10_001);
    }

    @Test
    void aRequestStartsAndEndsOnce() {
        Turn turn = turn("t", 1, 0, 10);
        share.add(turn);
        assertThatThrownBy(() -> share.add(turn)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> share.end(turn)).hasMessageContaining("is WAITING, not RUNNING");
        share.startHead();
        assertThatThrownBy(() -> share.withdraw(turn)).isInstanceOf(IllegalStateException.class);
        share.end(turn);
        assertThatThrownBy(() -> share.end(turn)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> share.received(turn, new Tokens(1, 1))).isInstanceOf(IllegalStateException.class);
    }

    private Turn startOf(String tenant) {
        Turn turn = share.startHead();
        while (!turn.demand().tenant().equals(tenant)) {
            finish(turn);
            turn = share.startHead();
        }
        return turn;
    }

    private Turn serveHead() {
        Turn turn = share.startHead();
        finish(turn);
        return turn;
    }

    private void finish(Turn turn) {
        share.received(turn, turn.demand().expected());
        share.end(turn);
    }

    private List<String> tenantsOfNext(int count) {
        List<String> tenants = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            tenants.add(serveHead().demand().tenant());
        }
        return tenants;
    }

    private static Turn turn(String tenant, double weight, int second, int tokens) {
        Tokens all = new Tokens(tokens, 0);
        return new Turn(new Demand(tenant, weight, 0, second * 1_000_000_000L, all, new Tokens(tokens, tokens)));
    }
}
