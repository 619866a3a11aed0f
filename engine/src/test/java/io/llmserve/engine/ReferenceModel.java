package io.llmserve.engine;

import io.llmserve.models.ModelConfiguration;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.TensorSource;
import io.llmserve.tensor.Dequantizer;
import java.util.stream.IntStream;

/// The forward pass of a Llama once more, from dequantised tensors, without kernels, pages or batches: to check the
/// engine by. Knows neither biases, head norms, windows nor RoPE scaling.
final class ReferenceModel {
    private final ModelConfiguration model;
    private final TensorSource tensors;

    ReferenceModel(ModelDescription description) {
        this.model = description.configuration();
        this.tensors = description.tensors();
    }

    /// The sum over `tokens[1 ..]` of `-log p(token | those before)`.
    double negativeLogLikelihood(int[] tokens) {
        float[] embedding = tensor("token_embd.weight");
        float[][] hidden = new float[tokens.length][];
        for (int i = 0; i < tokens.length; i++) {
            int from = tokens[i] * model.hidden();
            hidden[i] = java.util.Arrays.copyOfRange(embedding, from, from + model.hidden());
        }
        for (int layer = 0; layer < model.layers(); layer++) {
            String prefix = "blk." + layer + ".";
            attention(hidden, prefix);
            feedForward(hidden, prefix);
        }
        float[][] logits = multiply(embedding, normalise(hidden, "output_norm.weight"));
        double sum = 0;
        for (int i = 1; i < tokens.length; i++) {
            double total = 0;
            for (float logit : logits[i - 1]) {
                total += Math.exp(logit);
            }
            sum += Math.log(total) - logits[i - 1][tokens[i]];
        }
        return sum;
    }

    private void attention(float[][] hidden, String prefix) {
        float[][] normed = normalise(hidden, prefix + "attn_norm.weight");
        float[][] queries = rotate(multiply(tensor(prefix + "attn_q.weight"), normed));
        float[][] keys = rotate(multiply(tensor(prefix + "attn_k.weight"), normed));
        float[][] values = multiply(tensor(prefix + "attn_v.weight"), normed);
        float[][] mixed = new float[hidden.length][model.heads() * model.headDimension()];
        for (int row = 0; row < hidden.length; row++) {
            for (int head = 0; head < model.heads(); head++) {
                int kvHead = head / (model.heads() / model.kvHeads());
                attend(queries[row], keys, values, row, head * model.headDimension(), kvHead, mixed[row]);
            }
        }
        add(hidden, multiply(tensor(prefix + "attn_output.weight"), mixed));
    }

    private void attend(float[] query, float[][] keys, float[][] values, int row, int at, int kvHead, float[] out) {
        int dimension = model.headDimension();
        double[] weights = new double[row + 1];
        double total = 0;
        for (int position = 0; position <= row; position++) {
            double score = 0;
            for (int d = 0; d < dimension; d++) {
                score += (double) query[at + d] * keys[position][kvHead * dimension + d];
            }
            weights[position] = Math.exp(score / Math.sqrt(dimension));
            total += weights[position];
        }
        for (int d = 0; d < dimension; d++) {
            double sum = 0;
            for (int position = 0; position <= row; position++) {
                sum += weights[position] * values[position][kvHead * dimension + d];
            }
            out[at + d] = (float) (sum / total);
        }
    }

    private void feedForward(float[][] hidden, String prefix) {
        float[][] normed = normalise(hidden, prefix + "ffn_norm.weight");
        float[][] gates = multiply(tensor(prefix + "ffn_gate.weight"), normed);
        float[][] ups = multiply(tensor(prefix + "ffn_up.weight"), normed);
        for (int row = 0; row < hidden.length; row++) {
            for (int i = 0; i < gates[row].length; i++) {
                gates[row][i] = (float) (gates[row][i] / (1 + Math.exp(-gates[row][i])) * ups[row][i]);
            }
        }
        add(hidden, multiply(tensor(prefix + "ffn_down.weight"), gates));
    }

    private float[][] rotate(float[][] rows) {
        int dimension = model.headDimension();
        for (int position = 0; position < rows.length; position++) {
            for (int at = 0; at < rows[position].length; at += 2) {
                double angle = position * Math.pow(model.rope().theta(), -(at % dimension) / (double) dimension);
                double a = rows[position][at];
                double b = rows[position][at + 1];
                rows[position][at] = (float) (a * Math.cos(angle) - b * Math.sin(angle));
                rows[position][at + 1] = (float) (a * Math.sin(angle) + b * Math.cos(angle));
            }
        }
        return rows;
    }

    private float[][] normalise(float[][] rows, String norm) {
        float[] weight = tensor(norm);
        float[][] normed = new float[rows.length][weight.length];
        for (int row = 0; row < rows.length; row++) {
            double sum = 0;
            for (float value : rows[row]) {
                sum += (double) value * value;
            }
            double scale = 1 / Math.sqrt(sum / weight.length + model.normEpsilon());
            for (int i = 0; i < weight.length; i++) {
                normed[row][i] = (float) (rows[row][i] * scale * weight[i]);
            }
        }
        return normed;
    }

    private static void add(float[][] rows, float[][] more) {
        for (int row = 0; row < rows.length; row++) {
            for (int i = 0; i < rows[row].length; i++) {
                rows[row][i] += more[row][i];
            }
        }
    }

    /// `weights [outputs, columns]` times each row.
    private static float[][] multiply(float[] weights, float[][] rows) {
        int columns = rows[0].length;
        float[][] out = new float[rows.length][weights.length / columns];
        IntStream.range(0, weights.length / columns).parallel().forEach(output -> {
            for (int row = 0; row < rows.length; row++) {
                out[row][output] = dot(weights, output * columns, rows[row]);
            }
        });
        return out;
    }

    private static float dot(float[] weights, int at, float[] row) {
        float even = 0;
        float odd = 0;
        for (int i = 0; i < row.length; i += 2) {
            even += weights[at + i] * row[i];
            odd += weights[at + i + 1] * row[i + 1];
        }
        return even + odd;
    }

    private float[] tensor(String name) {
        return Dequantizer.floats(tensors.get(name));
    }
}
