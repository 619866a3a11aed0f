package io.llmserve.engine;

import io.llmserve.engine.Scheduler.Slice;
import io.llmserve.tensor.Batch;
import java.util.ArrayList;
import java.util.List;

/// Takes the slices of a step through the model: lays them out as rows, and hands out the logits of those
/// whose next token is to be chosen, a few rows at a time, so that a large vocabulary needs little memory.
/// Owned by the step thread.
final class StepRunner {
    private static final int LOGIT_ROWS = 32;

    private final ModelRunner runner;
    private final int vocabulary;
    private final int[] tokens;
    private final int[] sampledRows;
    private final float[] logits;

    /// Sees the logits `[at, at + vocabulary)` of a slice's last row; they are overwritten afterwards.
    @FunctionalInterface
    interface LogitsVisitor {
        void visit(Slice slice, float[] logits, int at);
    }

    StepRunner(ModelRunner runner, int vocabulary, EngineOptions.Batching limits) {
        this.runner = runner;
        this.vocabulary = vocabulary;
        this.tokens = new int[limits.maxRows()];
        this.sampledRows = new int[limits.maxSequences()];
        this.logits = new float[Math.multiplyExact(Math.min(LOGIT_ROWS, limits.maxSequences()), vocabulary)];
    }

    void forward(List<Slice> slices) {
        List<Batch.Span> spans = new ArrayList<>(slices.size());
        int row = 0;
        for (Slice slice : slices) {
            spans.add(
                    new Batch.Span(slice.from(), slice.count(), slice.sequence().pages()));
            for (int i = 0; i < slice.count(); i++) {
                tokens[row++] = slice.sequence().token(slice.from() + i);
            }
        }
        runner.forward(new Batch(spans), tokens);
    }

    /// Visits those slices of the last [#forward] that end their sequence.
    void visitLogits(List<Slice> slices, LogitsVisitor visitor) {
        List<Slice> sampled = new ArrayList<>();
        int rows = 0;
        for (Slice slice : slices) {
            rows += slice.count();
            if (slice.samples()) {
                sampledRows[sampled.size()] = rows - 1;
                sampled.add(slice);
            }
        }
        int group = logits.length / vocabulary;
        for (int from = 0; from < sampled.size(); from += group) {
            int count = Math.min(group, sampled.size() - from);
            runner.logits(sampledRows, from, count, logits);
            for (int i = 0; i < count; i++) {
                visitor.visit(sampled.get(from + i), logits, i * vocabulary);
            }
        }
    }
}
