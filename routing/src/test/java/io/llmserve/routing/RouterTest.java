package io.llmserve.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.routing.Decision.Reject;
import io.llmserve.routing.Decision.Serve;
import io.llmserve.routing.Decision.Split;
import io.llmserve.routing.Decision.Why;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class RouterTest {
    private static final HostPort P1 = new HostPort("p1", 1);
    private static final HostPort P2 = new HostPort("p2", 1);
    private static final HostPort D1 = new HostPort("d1", 1);
    private static final HostPort D2 = new HostPort("d2", 1);
    private static final List<Endpoint> TWO_BY_TWO =
            List.of(prefill(P1, 0), prefill(P2, 0), decode(D1, 0), decode(D2, 0));

    @Test
    void takesWorkersOfEachRoleInTurn() {
        Router router = router(SplitOptions.ALWAYS);
        assertThat(router.route(prompt(4_000), TWO_BY_TWO, true)).isEqualTo(new Split(P1, D1, Why.LONG_PROMPT));
        assertThat(router.route(prompt(4_000), TWO_BY_TWO, true)).isEqualTo(new Split(P2, D2, Why.LONG_PROMPT));
        assertThat(router.route(prompt(4_000), TWO_BY_TWO, true)).isEqualTo(new Split(P1, D1, Why.LONG_PROMPT));
    }

    @Test
    void leavesShortPromptsWhereTheyAreDecoded() {
        Router router = router(new SplitOptions(64, 64));
        assertThat(router.route(prompt(4 * 63), TWO_BY_TWO, true)).isEqualTo(new Serve(D1, Why.SHORT_PROMPT));
        assertThat(router.route(prompt(4 * 64), TWO_BY_TWO, true)).isEqualTo(new Split(P1, D2, Why.LONG_PROMPT));
    }

    @Test
    void leavesPromptsThatDecodeHasMostOf() {
        Router router = router(new SplitOptions(128, 128));
        List<Endpoint> oneByOne = List.of(prefill(P1, 0), decode(D1, 0));
        assertThat(router.route(prompt(8_000), oneByOne, true)).isInstanceOf(Split.class);
        router.seen(D1, prompt(7_900));
        assertThat(router.route(prompt(8_000), oneByOne, true)).isEqualTo(new Serve(D1, Why.CACHED));
        router.forget(D1);
        assertThat(router.route(prompt(8_000), oneByOne, true)).isInstanceOf(Split.class);
    }

    @Test
    void splitsWhenTheStreamsThereWouldWait() {
        Router router = router(SplitOptions.LEARNED);
        assertThat(router.route(prompt(4_000), List.of(prefill(P1, 0), decode(D1, 0)), true))
                .as("nobody there to disturb")
                .isEqualTo(new Serve(D1, Why.CHEAPER_WHOLE));
        assertThat(router.route(prompt(4_000), List.of(prefill(P1, 0), decode(D1, 3)), true))
                .isEqualTo(new Split(P1, D1, Why.CHEAPER_SPLIT));
    }

    @Test
    void queuesAtPrefillOnlyWhileThatIsSooner() {
        Router router = router(SplitOptions.LEARNED);
        List<Endpoint> queue = List.of(new Endpoint(P1, WorkerRole.PREFILL, 9, 50_000, "e"), decode(D1, 3));
        assertThat(router.route(prompt(4_000), queue, true)).isEqualTo(new Serve(D1, Why.CHEAPER_WHOLE));
    }

    @Test
    void learnsThatTransfersAreSlow() {
        Router router = router(SplitOptions.LEARNED);
        List<Endpoint> busy = List.of(prefill(P1, 0), decode(D1, 1));
        assertThat(router.route(prompt(4_000), busy, true)).isInstanceOf(Split.class);
        for (int i = 0; i < 50; i++) {
            router.costs().transferred(1_000 + i, 30);
        }
        assertThat(router.route(prompt(4_000), busy, true)).isEqualTo(new Serve(D1, Why.CHEAPER_WHOLE));
    }

    @Test
    void learnsHowManyBytesATokenHas() {
        Router router = router(new SplitOptions(100, 100));
        assertThat(router.route(prompt(350), TWO_BY_TWO, true)).isInstanceOf(Serve.class);
        for (int i = 0; i < 200; i++) {
            router.costs().tokenised(3_000, 1_000);
        }
        assertThat(router.route(prompt(350), TWO_BY_TWO, true)).isInstanceOf(Split.class);
    }

    @Test
    void servesWholeWhatCannotBeSplit() {
        Router router = router(SplitOptions.ALWAYS);
        assertThat(router.route(prompt(4_000), TWO_BY_TWO, false)).isEqualTo(new Serve(D1, Why.WHOLE));
        List<Endpoint> without = List.of(
                new Endpoint(P1, WorkerRole.PREFILL, 0, 0, "other"), new Endpoint(D1, WorkerRole.BOTH, 0, 0, "e"));
        assertThat(router.route(prompt(4_000), without, true)).isEqualTo(new Serve(D1, Why.UNDIVIDED));
    }

    @Test
    void aPrefillWorkerAnswersWhenNoOtherIsLeft() {
        Router router = router(SplitOptions.ALWAYS);
        assertThat(router.route(prompt(4_000), List.of(prefill(P1, 0)), true)).isEqualTo(new Serve(P1, Why.UNDIVIDED));
        assertThat(router.route(prompt(4_000), List.of(), true)).isEqualTo(new Reject());
    }

    private static Router router(SplitOptions options) {
        return new Router(new RoundRobin(), new RoundRobin(), options);
    }

    private static Endpoint prefill(HostPort address, int inFlight) {
        return new Endpoint(address, WorkerRole.PREFILL, inFlight, 0, "e");
    }

    private static Endpoint decode(HostPort address, int inFlight) {
        return new Endpoint(address, WorkerRole.DECODE, inFlight, 0, "e");
    }

    private static PromptChunks prompt(int bytes) {
        byte[] text = "once upon a time ".repeat(bytes / 17 + 1).getBytes(StandardCharsets.US_ASCII);
        return PromptChunks.of(text, 0, bytes, "");
    }
}
