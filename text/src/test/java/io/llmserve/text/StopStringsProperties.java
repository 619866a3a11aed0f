package io.llmserve.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.testkit.Seeds;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

class StopStringsProperties {
    /// What a matcher must do, in the plainest way.
    private record Naive(String text, Optional<String> hit) {
        static Naive of(List<String> stops, String text, boolean includeStop) {
            for (int end = 1; end <= text.length(); end++) {
                String seen = text.substring(0, end);
                Optional<String> longest =
                        stops.stream().filter(seen::endsWith).max(java.util.Comparator.comparingInt(String::length));
                if (longest.isPresent()) {
                    int keep = includeStop ? end : end - longest.get().length();
                    return new Naive(text.substring(0, keep), longest);
                }
            }
            return new Naive(text, Optional.empty());
        }
    }

    @ParameterizedTest
    @Seeds(500)
    void agreesWithTheNaiveSearch(long seed) {
        Random random = new Random(seed);
        List<String> stops = IntStream.range(0, 1 + random.nextInt(5))
                .mapToObj(i -> word(random, 1 + random.nextInt(5)))
                .toList();
        String text = word(random, random.nextInt(60));
        boolean includeStop = random.nextBoolean();
        StopStrings.Matcher matcher = StopStrings.of(stops).matcher(includeStop);
        Naive expected = Naive.of(stops, text, includeStop);

        StringBuilder shown = new StringBuilder();
        for (int from = 0; from < text.length(); ) {
            int end = Math.min(text.length(), from + random.nextInt(4));
            shown.append(matcher.push(text.substring(from, end)));
            assertThat(expected.text()).startsWith(shown);
            assertThat(matcher.hit().isPresent() || mayStillStop(stops, text.substring(0, end), shown.length()))
                    .as("holds back only what may be part of a stop string")
                    .isTrue();
            from = end;
        }
        shown.append(matcher.finish());
        assertThat(shown).hasToString(expected.text());
        assertThat(matcher.hit()).isEqualTo(expected.hit());
    }

    @Test
    void takesAThousandStopStrings() {
        List<String> stops =
                IntStream.range(0, 1000).mapToObj(i -> "stop" + i + "!").toList();
        StopStrings.Matcher matcher = StopStrings.of(stops).matcher(false);
        assertThat(matcher.push("go on, sto")).isEqualTo("go on, ");
        assertThat(matcher.push("p7 stop77")).isEqualTo("stop7 ");
        assertThat(matcher.push("! more")).isEmpty();
        assertThat(matcher.hit()).contains("stop77!");
        assertThat(matcher.push("more")).isEmpty();
        assertThat(matcher.finish()).isEmpty();
    }

    @Test
    void passesTextThroughWithoutStopStrings() {
        StopStrings.Matcher matcher = StopStrings.of(List.of()).matcher(false);
        assertThat(matcher.push("text")).isEqualTo("text");
        assertThat(matcher.hit()).isEmpty();
    }

    @Test
    void refusesAnEmptyStopString() {
        assertThatThrownBy(() -> StopStrings.of(List.of("a", ""))).isInstanceOfSatisfying(ServeException.class, e -> {
            assertThat(e.failure()).isEqualTo(Failure.INVALID_REQUEST);
            assertThat(e.parameter()).isEqualTo("stop");
        });
    }

    private static boolean mayStillStop(List<String> stops, String text, int shown) {
        String held = text.substring(shown);
        return held.isEmpty() || stops.stream().anyMatch(stop -> stop.startsWith(held));
    }

    private static String word(Random random, int length) {
        return random.ints(length, 'a', 'd')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
