package io.llmserve.models;

import static io.llmserve.models.ModelFileFailure.damaged;
import static io.llmserve.models.ModelFileFailure.unsupported;

import io.llmserve.tensor.StoredTensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/// The tensors that a configuration asks for, and the check that a file has these, in these shapes, and no others: a
/// tensor that nobody reads would mean a model that computes something else than what is served.
public final class TensorShapes {
    private record Shape(int rows, int columns) {
        @Override
        public String toString() {
            return "[%d, %d]".formatted(rows, columns);
        }
    }

    private final ModelConfiguration configuration;
    private final Map<String, Shape> shapes = new LinkedHashMap<>();

    private TensorShapes(ModelConfiguration configuration) {
        this.configuration = configuration;
        int hidden = configuration.hidden();
        shapes.put("token_embd.weight", new Shape(configuration.vocabulary(), hidden));
        shapes.put("output_norm.weight", new Shape(1, hidden));
        if (!configuration.tiedHead()) {
            shapes.put("output.weight", new Shape(configuration.vocabulary(), hidden));
        }
        for (int layer = 0; layer < configuration.layers(); layer++) {
            addLayer("blk." + layer + ".");
        }
    }

    /// Fails with CORRUPT, naming the file, the tensor, and both shapes.
    ///
    /// @param spelling the file's own name for a canonical one
    public static void check(
            Path path,
            ModelConfiguration configuration,
            Map<String, StoredTensor> tensors,
            UnaryOperator<String> spelling) {
        Map<String, Shape> shapes = new TensorShapes(configuration).shapes;
        shapes.forEach((name, expected) -> {
            StoredTensor tensor = tensors.get(name);
            if (tensor == null) {
                throw damaged(path, "tensor %s %s is missing", spelling.apply(name), expected);
            }
            Shape found = new Shape(tensor.rows(), tensor.columns());
            if (!found.equals(expected)) {
                throw damaged(path, "tensor %s has shape %s, expected %s", spelling.apply(name), found, expected);
            }
        });
        tensors.forEach((name, tensor) -> {
            if (name.equals("rope_freqs.weight")) {
                checkFrequencies(path, configuration, tensor);
            } else if (!shapes.containsKey(name)) {
                throw unsupported(
                        path,
                        "tensor %s [%d, %d] is no part of a %s model",
                        spelling.apply(name),
                        tensor.rows(),
                        tensor.columns(),
                        configuration.architecture());
            }
        });
    }

    private static void checkFrequencies(Path path, ModelConfiguration configuration, StoredTensor tensor) {
        int expected = configuration.rope().dimension() / 2;
        if (tensor.rows() != 1 || tensor.columns() != expected) {
            throw damaged(
                    path,
                    "tensor %s has shape [%d, %d], expected [1, %d]",
                    tensor.name(),
                    tensor.rows(),
                    tensor.columns(),
                    expected);
        }
    }

    private void addLayer(String prefix) {
        int hidden = configuration.hidden();
        int head = configuration.headDimension();
        int queryRows = configuration.heads() * head;
        int keyRows = configuration.kvHeads() * head;
        addProjection(prefix + "attn_q", queryRows);
        addProjection(prefix + "attn_k", keyRows);
        addProjection(prefix + "attn_v", keyRows);
        shapes.put(prefix + "attn_output.weight", new Shape(hidden, queryRows));
        if (configuration.queryKeyNorm()) {
            shapes.put(prefix + "attn_q_norm.weight", new Shape(1, head));
            shapes.put(prefix + "attn_k_norm.weight", new Shape(1, head));
        }
        shapes.put(prefix + "attn_norm.weight", new Shape(1, hidden));
        shapes.put(prefix + "ffn_norm.weight", new Shape(1, hidden));
        shapes.put(prefix + "ffn_gate.weight", new Shape(configuration.feedForward(), hidden));
        shapes.put(prefix + "ffn_up.weight", new Shape(configuration.feedForward(), hidden));
        shapes.put(prefix + "ffn_down.weight", new Shape(hidden, configuration.feedForward()));
    }

    private void addProjection(String name, int rows) {
        shapes.put(name + ".weight", new Shape(rows, configuration.hidden()));
        if (configuration.attentionBias()) {
            shapes.put(name + ".bias", new Shape(1, rows));
        }
    }
}
