package io.llmserve.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.admission.budget.Limits;
import io.llmserve.admission.budget.Refusal;
import io.llmserve.admission.budget.Resource;
import io.llmserve.admission.share.ShareOptions;
import io.llmserve.core.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Limits ONE = Limits.NONE.with(Resource.CONCURRENCY, 1);

    private final Admission admission = admission(ONE, 3);

    @Test
    void runsAtOnceWhereThereIsRoomAndWaitsWhereThereIsNot() {
        Pass first = admitted(admission, request("a", 10));
        Pass second = queued(admission, request("a", 10), 0);
        assertThat(admission.next(0, 8)).isEmpty();
        assertThat(admission.settle(first, new Usage(10, 0, 5, true), 0)).isTrue();
        assertThat(admission.next(0, 8)).containsExactly(second);
        assertThat(second.isRunning()).isTrue();
        assertThat(admission.settle(first, Usage.NOTHING, 0)).as("twice").isFalse();
        assertThat(admission.snapshot(0).running()).isOne();
    }

    @Test
    void aFloodWaitsBehindItsOwnRequests() {
        Admission wide = admission(ONE, 1_000);
        Pass running = admitted(wide, request("flood", 500));
        for (int i = 0; i < 500; i++) {
            queued(wide, request("flood", 500), 0);
        }
        Pass polite = queued(wide, request("polite", 10), 0);
        wide.settle(running, new Usage(500, 0, 100, true), 0);
        assertThat(wide.next(0, 1)).containsExactly(polite);
    }

    @Test
    void aFullLineIsCutWhereItIsLongest() {
        admitted(admission, request("flood", 10));
        List<Pass> line = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            line.add(queued(admission, request("flood", 10), 0));
        }
        assertThat(admission.offer(request("flood", 10), 0)).isInstanceOfSatisfying(Outcome.Refused.class, refused -> {
            assertThat(refused.refusal().failure()).isEqualTo(Failure.OVERLOADED);
            assertThat(refused.refusal().message())
                    .isEqualTo("The server is saturated: 3 of 3 places in the line are taken."
                            + " 1 of 1 concurrent requests are taken.");
        });
        queued(admission, request("polite", 10), 0);
        assertThat(admission.nanosToDeadline(0)).hasValue(0);
        assertThat(admission.dismissed(0)).containsExactly(line.getLast());
        assertThat(line.getLast().refusal().orElseThrow().kind()).isEqualTo(Refusal.Kind.QUEUE_FULL);
        assertThat(admission.dismissed(0)).as("told once").isEmpty();
        assertThat(admission.cancel(line.getLast(), 0)).as("closed").isFalse();
    }

    @Test
    void whoWaitsTooLongIsToldSo() {
        admitted(admission, request("a", 10));
        Pass late = queued(admission, request("a", 10), 2 * SECOND);
        assertThat(admission.nanosToDeadline(3 * SECOND)).hasValue(9 * SECOND);
        assertThat(admission.dismissed(11 * SECOND)).isEmpty();
        assertThat(admission.dismissed(12 * SECOND)).containsExactly(late);
        Refusal refusal = late.refusal().orElseThrow();
        assertThat(refusal.message()).startsWith("The server is saturated: this request waited for 10000 of 10000 ms.");
        assertThat(refusal.retryAfter()).isBetween(Duration.ofSeconds(1), Duration.ofMinutes(1));
        assertThat(admission.nanosToDeadline(12 * SECOND)).isEmpty();
        assertThat(admission.snapshot(12 * SECOND).waiting()).isZero();
    }

    @Test
    void overBudgetIsRefusedAtOnceHoweverIdleTheServer() {
        TenantTerms terms = new TenantTerms(1, Limits.NONE.with(Resource.TOKENS_PER_MINUTE, 100));
        Pass first = admitted(admission, new Request("a", terms, 0, 60, 0, OptionalLong.of(40), 1_000, 0, 0));
        assertThat(admission.offer(new Request("a", terms, 0, 1, 0, OptionalLong.of(0), 1_000, 0, 0), 0))
                .isInstanceOfSatisfying(
                        Outcome.Refused.class,
                        refused -> assertThat(refused.refusal().failure()).isEqualTo(Failure.OVERLOADED));
        assertThat(admission.rates("a", 0).tokens().orElseThrow().remaining()).isZero();
        admission.settle(first, new Usage(60, 0, 10, true), 0);
        assertThat(admission.rates("a", 0).tokens().orElseThrow().remaining()).isEqualTo(30);
    }

    @Test
    void anOpenAnswerDrawsAsItGrowsAndStopsAtTheBudget() {
        TenantTerms terms = new TenantTerms(1, Limits.NONE.with(Resource.TOKENS_IN_FLIGHT, 200));
        Pass pass = admitted(admission, new Request("a", terms, 0, 60, 0, OptionalLong.empty(), 1_000, 0, 0));
        assertThat(pass.mayGenerate()).as("the first guess").isEqualTo(32);
        long delivered = 0;
        while (admission.progress(pass, delivered + 1, 0).isEmpty()) {
            delivered++;
        }
        assertThat(delivered).isEqualTo(140);
        assertThat(admission.snapshot(0).used()).containsEntry(Resource.TOKENS_IN_FLIGHT, 200L);
        admission.cancel(pass, 0);
        assertThat(admission.snapshot(0).used()).containsEntry(Resource.TOKENS_IN_FLIGHT, 0L);
    }

    @Test
    void lengthsOfAnswersAreLearnedFromThoseThatEndedByThemselves() {
        Admission open = admission(Limits.NONE, 3);
        for (int i = 0; i < 200; i++) {
            Pass pass = admitted(open, request("a", 50));
            open.settle(pass, new Usage(50, 0, 400, true), 0);
            open.cancel(admitted(open, request("a", 50)), 0);
        }
        assertThat(admitted(open, request("a", 50)).mayGenerate()).isBetween(350L, 400L);
        assertThat(admitted(open, request("b", 50)).mayGenerate()).isEqualTo(32);
    }

    @Test
    void pagesTakeMemoryAndTheWireUntilTheyHaveArrived() {
        Admission small =
                admission(Limits.NONE.with(Resource.KV_BYTES, 1_000).with(Resource.KV_BITS_PER_SECOND, 100), 3);
        Request moving = new Request("a", TenantTerms.DEFAULT, 0, 10, 0, OptionalLong.of(10), 10, 10, 100);
        Pass first = admitted(small, moving);
        Pass second = queued(small, moving, 0);
        assertThat(small.next(0, 1)).isEmpty();
        small.transferred(first);
        assertThat(small.next(0, 1)).containsExactly(second);
        assertThat(small.snapshot(0).used()).containsEntry(Resource.KV_BYTES, 400L);
    }

    @Test
    void newLimitsOfAllHoldAtOnce() {
        admitted(admission, request("a", 10));
        Pass second = queued(admission, request("a", 10), 0);
        admission.limit(Limits.NONE.with(Resource.CONCURRENCY, 2));
        assertThat(admission.next(0, 1)).containsExactly(second);
    }

    private static Admission admission(Limits all, int mostWaiting) {
        return new Admission(
                new AdmissionOptions(ShareOptions.DEFAULT, all, mostWaiting, Duration.ofSeconds(10), 16, 32));
    }

    private static Request request(String tenant, int promptTokens) {
        return new Request(tenant, TenantTerms.DEFAULT, 0, promptTokens, 0, OptionalLong.empty(), 1_000, 0, 0);
    }

    private static Pass admitted(Admission to, Request request) {
        Outcome outcome = to.offer(request, 0);
        assertThat(outcome).isInstanceOf(Outcome.Admitted.class);
        return ((Outcome.Admitted) outcome).pass();
    }

    private static Pass queued(Admission to, Request request, long now) {
        Outcome outcome = to.offer(request, now);
        assertThat(outcome).isInstanceOf(Outcome.Queued.class);
        return ((Outcome.Queued) outcome).pass();
    }
}
