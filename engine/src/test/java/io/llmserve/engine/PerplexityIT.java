package io.llmserve.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmserve.models.ModelDescription;
import io.llmserve.tensor.KvLayout;
import io.llmserve.tensor.Logits;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The engine predicts text as well as a plain f32 forward pass does.
class PerplexityIT {
    private static final int MAX_TOKENS = 160;

    @Test
    void isWithinOnePercentOfTheReference() throws Exception {
        ModelDescription model = DefaultModel.open();
        try {
            int[] text = text();
            double expected = perplexity(new ReferenceModel(model).negativeLogLikelihood(text), text);
            for (KvLayout.Type type : KvLayout.Type.values()) {
                assertThat(perplexity(negativeLogLikelihood(model, type, text), text))
                        .as("perplexity with %s pages", type)
                        .isCloseTo(expected, within(expected / 100));
            }
        } finally {
            model.tensors().close();
        }
    }

    /// The prompts of the goldens and how they go on, one after the other.
    private static int[] text() throws Exception {
        List<Integer> tokens = new ArrayList<>();
        for (GoldenCase example : GoldenCase.read(DefaultModel.GOLDENS)) {
            for (int token : example.prompt()) {
                tokens.add(token);
            }
            for (int token : example.continuation()) {
                tokens.add(token);
            }
        }
        return tokens.stream().limit(MAX_TOKENS).mapToInt(Integer::intValue).toArray();
    }

    private static double perplexity(double negativeLogLikelihood, int[] text) {
        return Math.exp(negativeLogLikelihood / (text.length - 1));
    }

    private static double negativeLogLikelihood(ModelDescription model, KvLayout.Type type, int[] text) {
        SharedMemory shared = new SharedMemory(2);
        Weights weights = WeightsLoader.load(model, shared.pool(), shared.arena(), LoadProgress.NONE);
        EngineOptions options = EngineOptions.DEFAULT.withKv(new EngineOptions.KvPool(64 << 20, type, false));
        EngineMemory memory = EngineMemory.allocate(model, weights, shared, options, KvMemory.ofProcess());
        try {
            return negativeLogLikelihood(memory, text);
        } finally {
            memory.free();
        }
    }

    /// Token by token, as when decoding; a whole prompt's scores are the same bits (see [InvarianceTest]).
    private static double negativeLogLikelihood(EngineMemory memory, int[] text) {
        int vocabulary = memory.model().configuration().vocabulary();
        StepRunner runner =
                new StepRunner(memory.runner(), vocabulary, memory.options().batching());
        Sequence sequence = new Sequence(text, new int[0], "", 0, 0, true);
        for (int page = 0; page < Sequence.pagesFor(text.length); page++) {
            sequence.addPage(page);
        }
        double[] sum = new double[1];
        for (int i = 0; i + 1 < text.length; i++) {
            List<Scheduler.Slice> slices = List.of(new Scheduler.Slice(sequence, i, 1));
            runner.forward(slices);
            runner.visitLogits(slices, (scored, position, logits, at) -> {
                sum[0] += Logits.logSumExp(logits, at, vocabulary) - logits[at + text[position + 1]];
                scored.score();
            });
        }
        return sum[0];
    }
}
