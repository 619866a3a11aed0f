package io.llmserve.engine;

import io.llmserve.models.ModelConfiguration;
import io.llmserve.tensor.AttentionShape;
import io.llmserve.tensor.Batch;
import io.llmserve.tensor.Heads;
import io.llmserve.tensor.Kernels;
import io.llmserve.tensor.KvCache;
import io.llmserve.tensor.RopeTable;
import org.jspecify.annotations.Nullable;

/// The forward pass of the Llama family (arXiv 2302.13971; Qwen2's biases, Qwen3's q/k norms): tokens of a
/// batch in, hidden states out, keys and values into the KV pages; then logits of those rows that are asked
/// for. A row's numbers do not depend on the other rows. Owned by the step thread.
final class ModelRunner {
    private final ModelConfiguration model;
    private final Weights weights;
    private final Kernels kernels;
    private final KvCache cache;
    private final RopeTable rope;
    private final AttentionShape shape;
    private final int queryWidth;
    private final int keyWidth;
    /// Activations of up to `maxRows` rows.
    private final float[] hidden;
    private final float[] normed;
    private final float[] projected;
    private final float[] attended;
    private final float[] gateUp;
    private final float[] activated;
    private final Heads queries;
    private final Heads keys;
    private final Heads values;

    /// @param positions the longest sequence
    /// @param maxRows the largest batch
    ModelRunner(ModelConfiguration model, Weights weights, Kernels kernels, KvCache cache, int positions, int maxRows) {
        this.model = model;
        this.weights = weights;
        this.kernels = kernels;
        this.cache = cache;
        this.rope = new RopeTable(
                RopeFrequencies.inverse(model.rope(), weights.ropeFactors()),
                positions,
                model.rope().interleaved());
        int dimension = model.headDimension();
        this.shape = new AttentionShape(
                model.heads() / model.kvHeads(),
                (float) (1 / Math.sqrt(dimension)),
                model.slidingWindow().orElse(0));
        this.queryWidth = model.heads() * dimension;
        this.keyWidth = model.kvHeads() * dimension;
        this.hidden = new float[maxRows * model.hidden()];
        this.normed = new float[maxRows * model.hidden()];
        this.projected = new float[maxRows * Math.max(model.hidden(), queryWidth + 2 * keyWidth)];
        this.attended = new float[maxRows * queryWidth];
        this.gateUp = new float[maxRows * 2 * model.feedForward()];
        this.activated = new float[maxRows * model.feedForward()];
        int stride = queryWidth + 2 * keyWidth;
        this.queries = new Heads(projected, stride, 0, model.heads(), dimension);
        this.keys = new Heads(projected, stride, queryWidth, model.kvHeads(), dimension);
        this.values = new Heads(projected, stride, queryWidth + keyWidth, model.kvHeads(), dimension);
    }

    /// @param tokens one per row of the batch
    void forward(Batch batch, int[] tokens) {
        kernels.embed(weights.embedding(), tokens, batch.rows(), hidden);
        for (int layer = 0; layer < model.layers(); layer++) {
            attention(weights.layers().get(layer).attention(), layer, batch);
            feedForward(weights.layers().get(layer).feedForward(), batch.rows());
        }
    }

    /// Logits `[count, vocabulary]` of `rows[from, from + count)` of the last [#forward].
    void logits(int[] rows, int from, int count, float[] logits) {
        int width = model.hidden();
        for (int i = 0; i < count; i++) {
            System.arraycopy(hidden, rows[from + i] * width, projected, i * width, width);
        }
        kernels.rmsNorm(projected, count, weights.outputNorm(), model.normEpsilon(), normed);
        kernels.matmul(weights.head(), normed, count, logits);
    }

    /// `hidden += attention(norm(hidden)) * output`
    private void attention(LayerWeights.Attention layer, int index, Batch batch) {
        int rows = batch.rows();
        kernels.rmsNorm(hidden, rows, layer.norm(), model.normEpsilon(), normed);
        kernels.matmul(layer.queryKeyValue(), normed, rows, projected);
        if (layer.bias() != null) {
            kernels.addBias(projected, layer.bias(), rows);
        }
        normaliseHeads(queries, layer.queryNorm(), rows);
        normaliseHeads(keys, layer.keyNorm(), rows);
        kernels.rope(rope, batch, queries);
        kernels.rope(rope, batch, keys);
        kernels.writeKv(cache, index, batch, keys, values);
        kernels.attend(cache, index, batch, shape, queries, attended);
        kernels.matmul(layer.output(), attended, rows, projected);
        kernels.add(hidden, projected, rows, model.hidden());
    }

    private void normaliseHeads(Heads heads, float @Nullable [] norm, int rows) {
        if (norm != null) {
            kernels.rmsNormHeads(heads, rows, norm, model.normEpsilon());
        }
    }

    /// `hidden += (silu(norm(hidden) * gate) . (norm(hidden) * up)) * down`
    private void feedForward(LayerWeights.FeedForward layer, int rows) {
        kernels.rmsNorm(hidden, rows, layer.norm(), model.normEpsilon(), normed);
        kernels.matmul(layer.gateUp(), normed, rows, gateUp);
        kernels.siluProduct(gateUp, rows, model.feedForward(), activated);
        kernels.matmul(layer.down(), activated, rows, projected);
        kernels.add(hidden, projected, rows, model.hidden());
    }
}
