package io.llmserve.admission.share;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Those that fair share is compared with.
class DisciplinesTest {
    @Test
    void firstComeIsServedFirst() {
        assertThat(order(new FirstCome(), "a900", "a10", "b10")).containsExactly("a900", "a10", "b10");
    }

    @Test
    void aRoundTakesOneOfEachTenant() {
        assertThat(order(new RoundOfTenants(), "a900", "a10", "a20", "b10", "c10", "b20"))
                .containsExactly("a900", "b10", "c10", "a10", "b20", "a20");
    }

    @Test
    void vtcTakesTheTenantThatReceivedLeastAndItsFirstRequest() {
        assertThat(order(FairShare.vtc(Prices.DEFAULT), "a900", "a10", "b100", "b200"))
                .containsExactly("a900", "b100", "b200", "a10");
    }

    @Test
    void fairShareTakesTheShortestOfATenant() {
        assertThat(order(new FairShare(ShareOptions.DEFAULT), "a900", "a10", "b100", "b200"))
                .containsExactly("a10", "b100", "a900", "b200");
    }

    @Test
    void whoWithdrawsIsNotServed() {
        for (Discipline each : List.of(
                new FirstCome(),
                new RoundOfTenants(),
                FairShare.vtc(Prices.DEFAULT),
                new FairShare(ShareOptions.DEFAULT))) {
            Turn stays = turn("a1");
            Turn goes = turn("b1");
            each.add(goes);
            each.add(stays);
            each.withdraw(goes);
            assertThat(each.head()).contains(stays);
            assertThat(each.last()).contains(stays);
            assertThat(each.waiting()).isOne();
            each.end(each.startHead());
            assertThat(each.head()).isEmpty();
            assertThat(each.last()).isEmpty();
        }
    }

    /// `a900` is a request of tenant a for 900 tokens of prompt.
    private static List<String> order(Discipline discipline, String... requests) {
        for (String request : requests) {
            discipline.add(turn(request));
        }
        List<String> order = new ArrayList<>();
        while (discipline.head().isPresent()) {
            Turn turn = discipline.startHead();
            Tokens all = turn.demand().expected();
            order.add(turn.demand().tenant() + all.prompt());
            discipline.received(turn, all);
            discipline.end(turn);
        }
        return order;
    }

    private static Turn turn(String request) {
        Tokens tokens = new Tokens(Long.parseLong(request.substring(1)), 0);
        return new Turn(new Demand(request.substring(0, 1), 1, 0, 0, tokens, tokens));
    }
}
