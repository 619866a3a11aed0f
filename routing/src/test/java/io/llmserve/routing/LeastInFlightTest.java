package io.llmserve.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

final class LeastInFlightTest {
    @Test
    void takesTheWorkerWithTheFewestRequests() {
        assertThat(pick(new LeastInFlight(), 3, 1, 2)).isEqualTo(1);
        assertThat(pick(new LeastInFlight(), 0)).isZero();
    }

    @Test
    void takesEqualsInTurn() {
        LeastInFlight picker = new LeastInFlight();
        List<Integer> picked = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            picked.add(pick(picker, 4, 4, 4));
        }
        assertThat(picked).containsExactly(0, 1, 2, 0, 1, 2);
    }

    @ParameterizedTest
    @Seeds(200)
    void neverTakesOneThatHasMoreThanAnother(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        LeastInFlight picker = new LeastInFlight();
        for (int i = 0; i < 50; i++) {
            int[] inFlight = random.ints(random.nextInt(1, 9), 0, 5).toArray();
            int least = java.util.Arrays.stream(inFlight).min().orElseThrow();
            assertThat(inFlight[pick(picker, inFlight)]).isEqualTo(least);
        }
    }

    private static int pick(LeastInFlight picker, int... inFlight) {
        List<Endpoint> candidates = new ArrayList<>();
        for (int i = 0; i < inFlight.length; i++) {
            candidates.add(new Endpoint(new HostPort("w", 1 + i), WorkerRole.BOTH, inFlight[i], 0, ""));
        }
        return picker.pick(candidates).address().port() - 1;
    }
}
