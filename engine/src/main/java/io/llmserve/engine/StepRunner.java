package io.llmserve.engine;

import io.llmserve.engine.Scheduler.Slice;
import io.llmserve.tensor.Batch;
import java.util.ArrayList;
import java.util.List;

/// Takes the slices of a step through the model: lays them out as rows, and hands out the logits that are
/// needed, a few rows at a time, so that a large vocabulary needs little memory. Owned by the step thread.
final class StepRunner {
    private static final int LOGIT_ROWS = 32;

    private final ModelRunner runner;
    private final int vocabulary;
    private final int[] tokens;
    private final int[] neededRows;
    private final float[] logits;

    /// Sees the logits `[at, at + vocabulary)` for the token that follows `position`; they are overwritten
    /// afterwards.
    @FunctionalInterface
    interface LogitsVisitor {
        void visit(Sequence sequence, int position, float[] logits, int at);
    }

    /// A row of the last batch.
    private record Row(Sequence sequence, int position) {}

    StepRunner(ModelRunner runner, int vocabulary, EngineOptions.Batching limits) {
        this.runner = runner;
        this.vocabulary = vocabulary;
        this.tokens = new int[limits.maxRows()];
        this.neededRows = new int[limits.maxRows()];
        this.logits = new float[Math.multiplyExact(Math.min(LOGIT_ROWS, limits.maxRows()), vocabulary)];
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

    /// Visits those rows of the last [#forward] whose logits their sequence needs, in order.
    void visitLogits(List<Slice> slices, LogitsVisitor visitor) {
        List<Row> needed = neededRows(slices);
        int group = logits.length / vocabulary;
        for (int from = 0; from < needed.size(); from += group) {
            int count = Math.min(group, needed.size() - from);
            runner.logits(neededRows, from, count, logits);
            for (int i = 0; i < count; i++) {
                Row row = needed.get(from + i);
                visitor.visit(row.sequence(), row.position(), logits, i * vocabulary);
            }
        }
    }

    private List<Row> neededRows(List<Slice> slices) {
        List<Row> needed = new ArrayList<>();
        int row = 0;
        for (Slice slice : slices) {
            for (int position = slice.from(); position < slice.from() + slice.count(); position++, row++) {
                if (slice.sequence().needsLogits(position)) {
                    neededRows[needed.size()] = row;
                    needed.add(new Row(slice.sequence(), position));
                }
            }
        }
        return needed;
    }
}
