package io.llmserve.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmserve.core.SamplingParameters;
import io.llmserve.core.TokenLogprobs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/// A prompt, what HF transformers continues it with greedily, and its five best log-probabilities at each step.
record GoldenCase(int[] prompt, int[] continuation, JsonNode topLogprobs) {
    private static final int ALTERNATIVES = 10;

    static List<GoldenCase> read(Path file) throws IOException {
        List<GoldenCase> cases = new ArrayList<>();
        for (JsonNode node : new ObjectMapper().readTree(file.toFile()).get("cases")) {
            cases.add(new GoldenCase(
                    ints(node.get("prompt_token_ids")), ints(node.get("greedy_token_ids")), node.get("top5_logprobs")));
        }
        return cases;
    }

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }

    GenerationRequest request(String id) {
        SamplingParameters greedy = new SamplingParameters(
                SamplingParameters.Truncation.GREEDY,
                SamplingParameters.Penalties.NONE,
                Map.of(),
                new SamplingParameters.Stopping(continuation.length, 0, Set.of(), true),
                0,
                ALTERNATIVES);
        return new GenerationRequest(id, prompt, greedy, "", 0);
    }

    /// Asks how likely the prompt and its continuation are, and for no more.
    GenerationRequest scoring(String id) {
        int[] text = IntStream.concat(IntStream.of(prompt), IntStream.of(continuation))
                .toArray();
        return new GenerationRequest(id, text, SamplingParameters.greedy(0), "", 0).scored(ALTERNATIVES);
    }

    /// The log-probabilities of the continuation's tokens, which are the most likely ones, within `tolerance`.
    void assertScores(List<TokenLogprobs> scores, float tolerance) {
        assertThat(scores).hasSize(prompt.length + continuation.length - 1);
        for (int step = 0; step < continuation.length; step++) {
            TokenLogprobs actual = scores.get(prompt.length - 1 + step);
            JsonNode expected = topLogprobs.get(step);
            assertLogprobs(step, expected, actual, tolerance);
            assertThat((double) actual.chosen())
                    .as("log-probability of the golden token at step %d", step)
                    .isCloseTo(logprob(expected.get(0)), within((double) tolerance));
        }
    }

    /// The same tokens with log-probabilities within `tolerance`; where two candidates are closer than that, the
    /// continuation may part.
    void assertAgrees(Heard heard, float tolerance) {
        List<Integer> tokens = heard.tokens();
        for (int step = 0; step < tokens.size(); step++) {
            JsonNode expected = topLogprobs.get(step);
            assertLogprobs(step, expected, heard.logprobs().get(step), tolerance);
            if (tokens.get(step) != continuation[step]) {
                double lead = logprob(expected.get(0)) - logprob(expected.get(1));
                assertThat(lead)
                        .as("lead of the expected token at step %d", step)
                        .isLessThan(2 * tolerance);
                return;
            }
        }
        assertThat(tokens).hasSize(continuation.length);
    }

    private static void assertLogprobs(int step, JsonNode expected, TokenLogprobs actual, float tolerance) {
        for (JsonNode pair : expected) {
            int at = indexOf(actual.topTokenIds(), pair.get(0).intValue());
            assertThat(at)
                    .as("rank of token %s among our best at step %d", pair.get(0), step)
                    .isNotNegative();
            assertThat((double) actual.topLogprobs()[at])
                    .as("log-probability of token %s at step %d", pair.get(0), step)
                    .isCloseTo(logprob(pair), within((double) tolerance));
        }
    }

    private static double logprob(JsonNode pair) {
        return pair.get(1).doubleValue();
    }

    private static int indexOf(int[] values, int value) {
        for (int i = 0; i < values.length; i++) {
            if (values[i] == value) {
                return i;
            }
        }
        return -1;
    }
}
