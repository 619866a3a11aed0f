package io.llmserve.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.llmserve.core.SamplingParameters;
import io.llmserve.core.SamplingParameters.Penalties;
import io.llmserve.core.SamplingParameters.Stopping;
import io.llmserve.core.SamplingParameters.Truncation;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenLogprobs;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final int DRAWS = 40_000;
    private static final int EOS = 0;
    /// Probabilities 0.1, 0.2, 0.3, 0.4 at offset 1, so that the offset is tested too.
    private static final float[] LOGITS = {9, log(0.1), log(0.2), log(0.3), log(0.4)};

    private final Sampler sampler = new Sampler(4, Set.of(EOS));

    @Test
    void takesTheMostLikelyAtTemperatureZero() {
        assertThat(choose(parameters(Truncation.GREEDY, Penalties.NONE, Map.of()), 1))
                .isEqualTo(3);
    }

    @Test
    void drawsTokensAsOftenAsTheirProbability() {
        assertFrequencies(new Truncation(1, 1, 0, 0), 0.1, 0.2, 0.3, 0.4);
    }

    @Test
    void sharpensWithLowTemperature() {
        assertFrequencies(new Truncation(0.5f, 1, 0, 0), 1 / 30.0, 4 / 30.0, 9 / 30.0, 16 / 30.0);
    }

    @Test
    void keepsTheMostLikelyOfTopK() {
        assertFrequencies(new Truncation(1, 1, 2, 0), 0, 0, 3 / 7.0, 4 / 7.0);
    }

    @Test
    void keepsTheSmallestSetThatReachesTopP() {
        assertFrequencies(new Truncation(1, 0.6f, 0, 0), 0, 0, 3 / 7.0, 4 / 7.0);
        assertFrequencies(new Truncation(1, 0.75f, 0, 0), 0, 2 / 9.0, 3 / 9.0, 4 / 9.0);
    }

    @Test
    void dropsWhatIsLessLikelyThanMinPOfTheBest() {
        assertFrequencies(new Truncation(1, 1, 0, 0.4f), 0, 2 / 9.0, 3 / 9.0, 4 / 9.0);
    }

    @Test
    void appliesTopPToWhatTopKAndMinPLeave() {
        assertFrequencies(new Truncation(1, 0.5f, 2, 0), 0, 0, 0, 1);
        assertFrequencies(new Truncation(1, 0.7f, 0, 0.4f), 0, 0, 3 / 7.0, 4 / 7.0);
    }

    @Test
    void truncatesALargeVocabularyAsAFullSortWould() {
        Random random = new Random(5);
        float[] logits = new float[50_000];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) random.nextGaussian() * 3;
        }
        Sampler large = new Sampler(logits.length, Set.of());
        Set<Integer> nucleus = nucleus(logits, 0.9);
        Set<Integer> drawn = new TreeSet<>();
        for (int position = 0; position < 2_000; position++) {
            SamplingParameters parameters = parameters(new Truncation(1, 0.9f, 0, 0), Penalties.NONE, Map.of());
            drawn.add(large.choose(logits, 0, new Sampler.Context(parameters, new TokenCounts(), 1, position))
                    .tokenId());
        }
        assertThat(nucleus).containsAll(drawn);
        assertThat(drawn).hasSizeGreaterThan(100);
    }

    @Test
    void repeatsADrawOfTheSameSeedAndPosition() {
        SamplingParameters parameters = parameters(new Truncation(1, 1, 0, 0), Penalties.NONE, Map.of());
        for (int position = 0; position < 100; position++) {
            assertThat(choose(parameters, position)).isEqualTo(choose(parameters, position));
        }
    }

    @Test
    void addsLogitBias() {
        assertThat(choose(parameters(Truncation.GREEDY, Penalties.NONE, Map.of(1, 5f, 3, -100f)), 1))
                .isEqualTo(1);
    }

    @Test
    void penalisesTokensOfTheAnswer() {
        TokenCounts counts = new TokenCounts();
        counts.addAnswer(3);
        assertThat(choose(new Penalties(1, 0.5f, 0), counts)).isEqualTo(2);
        counts.addAnswer(2);
        counts.addAnswer(2);
        counts.addAnswer(2);
        assertThat(choose(new Penalties(1, 0, 1), counts)).isEqualTo(1);
    }

    @Test
    void penalisesRepetitionOfThePromptToo() {
        TokenCounts counts = new TokenCounts();
        counts.addPrompt(new int[] {3, 2});
        assertThat(choose(new Penalties(1, 2, 2), counts)).isEqualTo(3);
        assertThat(choose(new Penalties(5, 0, 0), counts)).isEqualTo(1);
    }

    @Test
    void choosesNoStopTokenBeforeMinTokens() {
        SamplingParameters parameters = new SamplingParameters(
                Truncation.GREEDY, Penalties.NONE, Map.of(), new Stopping(9, 2, Set.of(3), false), 0, -1);
        float[] logits = {5, 1, 0, 4};
        assertThat(sampler.choose(logits, 0, new Sampler.Context(parameters, new TokenCounts(), 1, 9))
                        .tokenId())
                .isEqualTo(1);
        assertThat(sampler.choose(logits, 0, new Sampler.Context(parameters, new TokenCounts(), 2, 9))
                        .tokenId())
                .isEqualTo(EOS);
    }

    @Test
    void reportsLogprobsOfTheModelItself() {
        SamplingParameters parameters = new SamplingParameters(
                Truncation.GREEDY, Penalties.NONE, Map.of(1, 50f), new Stopping(9, 0, Set.of(), false), 0, 2);
        Sampler.Choice choice = sampler.choose(LOGITS, 1, new Sampler.Context(parameters, new TokenCounts(), 1, 9));
        TokenLogprobs logprobs = Objects.requireNonNull(choice.logprobs());
        assertThat(choice.tokenId()).isEqualTo(1);
        assertThat(logprobs.chosen()).isCloseTo(log(0.2), within(1e-5f));
        assertThat(logprobs.topTokenIds()).containsExactly(3, 2);
        assertThat(logprobs.topLogprobs()[0]).isCloseTo(log(0.4), within(1e-5f));
    }

    @Test
    void refusesLogitsThatAreNoNumbers() {
        float[] logits = {0, 1, Float.NaN, 2};
        SamplingParameters greedy = SamplingParameters.greedy(1);
        assertThatThrownBy(() -> sampler.choose(logits, 0, new Sampler.Context(greedy, new TokenCounts(), 1, 9)))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining("NaN");
    }

    private void assertFrequencies(Truncation truncation, double... expected) {
        int[] counts = new int[expected.length];
        for (int position = 0; position < DRAWS; position++) {
            counts[choose(parameters(truncation, Penalties.NONE, Map.of()), position)]++;
        }
        for (int token = 0; token < expected.length; token++) {
            double deviation = Math.sqrt(expected[token] * (1 - expected[token]) / DRAWS);
            assertThat((double) counts[token] / DRAWS)
                    .as("frequency of token %d", token)
                    .isCloseTo(expected[token], within(5 * deviation + 1e-9));
        }
    }

    private int choose(Penalties penalties, TokenCounts counts) {
        SamplingParameters parameters = parameters(Truncation.GREEDY, penalties, Map.of());
        return sampler.choose(LOGITS, 1, new Sampler.Context(parameters, counts, 1, 9))
                .tokenId();
    }

    private int choose(SamplingParameters parameters, int position) {
        return sampler.choose(LOGITS, 1, new Sampler.Context(parameters, new TokenCounts(), 1, position))
                .tokenId();
    }

    private static SamplingParameters parameters(
            Truncation truncation, Penalties penalties, Map<Integer, Float> logitBias) {
        return new SamplingParameters(truncation, penalties, logitBias, new Stopping(9, 0, Set.of(), false), 42, -1);
    }

    /// By a full sort.
    private static Set<Integer> nucleus(float[] logits, double topP) {
        Integer[] order = new Integer[logits.length];
        double total = 0;
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
            total += Math.exp(logits[i]);
        }
        java.util.Arrays.sort(order, (a, b) -> Float.compare(logits[b], logits[a]));
        Set<Integer> nucleus = new TreeSet<>();
        double mass = 0;
        for (int i = 0; mass < topP * total; i++) {
            nucleus.add(order[i]);
            mass += Math.exp(logits[order[i]]);
        }
        return nucleus;
    }

    private static float log(double probability) {
        return (float) Math.log(probability);
    }
}
