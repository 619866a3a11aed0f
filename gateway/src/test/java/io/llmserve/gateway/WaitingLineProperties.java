package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;

final class WaitingLineProperties {
    @ParameterizedTest
    @Seeds(200)
    void neverLendsMorePlacesThanThereAreAndServesInOrder(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int places = random.nextInt(1, 5);
        int maxWaiting = random.nextInt(0, 6);
        WaitingLine<Integer> line = new WaitingLine<>(places, maxWaiting);
        List<Integer> placed = new ArrayList<>();
        Deque<Integer> waiting = new ArrayDeque<>();
        for (int who = 0; who < 300; who++) {
            switch (random.nextInt(3)) {
                case 0 -> {
                    WaitingLine.Entry expected = placed.size() < places
                            ? WaitingLine.Entry.ADMITTED
                            : waiting.size() < maxWaiting ? WaitingLine.Entry.WAITING : WaitingLine.Entry.FULL;
                    assertThat(line.enter(who)).isEqualTo(expected);
                    if (expected == WaitingLine.Entry.ADMITTED) {
                        placed.add(who);
                    } else if (expected == WaitingLine.Entry.WAITING) {
                        waiting.add(who);
                    }
                }
                case 1 -> {
                    if (!placed.isEmpty()) {
                        placed.remove(random.nextInt(placed.size()));
                        Integer next = waiting.poll();
                        assertThat(line.leave().orElse(null)).isEqualTo(next);
                        if (next != null) {
                            placed.add(next);
                        }
                    }
                }
                default -> {
                    int leaver = random.nextInt(who + 1);
                    assertThat(line.giveUp(leaver)).isEqualTo(waiting.remove(leaver));
                }
            }
            assertThat(line.taken()).isEqualTo(placed.size()).isLessThanOrEqualTo(places);
            assertThat(line.waiting()).isEqualTo(waiting.size()).isLessThanOrEqualTo(maxWaiting);
        }
    }
}
