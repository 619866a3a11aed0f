package io.llmserve.engine;

import static io.llmserve.core.Failure.CORRUPT;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelConfiguration;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.TensorSource;
import io.llmserve.tensor.ComputePool;
import io.llmserve.tensor.Dequantizer;
import io.llmserve.tensor.MatrixPacker;
import io.llmserve.tensor.PackedLayout;
import io.llmserve.tensor.PackedMatrix;
import io.llmserve.tensor.StoredTensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Packs a model's tensors for the kernels, and checks that they have the shapes that its configuration promises.
final class WeightsLoader {
    private final ModelConfiguration model;
    private final TensorSource tensors;
    private final ComputePool pool;
    private final Arena arena;
    private final LoadProgress progress;
    private final long totalBytes;
    private long doneBytes;

    private WeightsLoader(ModelDescription description, ComputePool pool, Arena arena, LoadProgress progress) {
        this.model = description.configuration();
        this.tensors = description.tensors();
        this.pool = pool;
        this.arena = arena;
        this.progress = progress;
        this.totalBytes = packedBytes();
    }

    /// The packed weights live as long as `arena`; the model's files are not needed any more afterwards.
    static Weights load(ModelDescription description, ComputePool pool, Arena arena, LoadProgress progress) {
        return new WeightsLoader(description, pool, arena, progress).load();
    }

    private Weights load() {
        AvailableMemory.require(totalBytes, "the weights");
        try {
            PackedMatrix embedding = pack(matrix("token_embd.weight", model.vocabulary(), model.hidden()));
            List<LayerWeights> layers = new ArrayList<>();
            for (int layer = 0; layer < model.layers(); layer++) {
                layers.add(new LayerWeights(attention(layer), feedForward(layer)));
            }
            PackedMatrix head =
                    model.tiedHead() ? embedding : pack(matrix("output.weight", model.vocabulary(), model.hidden()));
            return new Weights(embedding, layers, vector("output_norm.weight", model.hidden()), head, ropeFactors());
        } catch (OutOfMemoryError e) {
            throw new ServeException(
                    Failure.EXHAUSTED, "the weights need %d MB of memory".formatted(totalBytes >> 20), e);
        }
    }

    private LayerWeights.Attention attention(int layer) {
        int query = model.heads() * model.headDimension();
        int keyValue = model.kvHeads() * model.headDimension();
        return new LayerWeights.Attention(
                vector(name(layer, "attn_norm.weight"), model.hidden()),
                pack(
                        matrix(name(layer, "attn_q.weight"), query, model.hidden()),
                        matrix(name(layer, "attn_k.weight"), keyValue, model.hidden()),
                        matrix(name(layer, "attn_v.weight"), keyValue, model.hidden())),
                model.attentionBias() ? bias(layer, query, keyValue) : null,
                headNorm(layer, "attn_q_norm.weight"),
                headNorm(layer, "attn_k_norm.weight"),
                pack(matrix(name(layer, "attn_output.weight"), model.hidden(), query)));
    }

    private LayerWeights.FeedForward feedForward(int layer) {
        return new LayerWeights.FeedForward(
                vector(name(layer, "ffn_norm.weight"), model.hidden()),
                pack(
                        matrix(name(layer, "ffn_gate.weight"), model.feedForward(), model.hidden()),
                        matrix(name(layer, "ffn_up.weight"), model.feedForward(), model.hidden())),
                pack(matrix(name(layer, "ffn_down.weight"), model.hidden(), model.feedForward())));
    }

    private float[] bias(int layer, int query, int keyValue) {
        float[] bias = new float[query + 2 * keyValue];
        System.arraycopy(vector(name(layer, "attn_q.bias"), query), 0, bias, 0, query);
        System.arraycopy(vector(name(layer, "attn_k.bias"), keyValue), 0, bias, query, keyValue);
        System.arraycopy(vector(name(layer, "attn_v.bias"), keyValue), 0, bias, query + keyValue, keyValue);
        return bias;
    }

    private float @Nullable [] headNorm(int layer, String name) {
        return model.queryKeyNorm() ? vector(name(layer, name), model.headDimension()) : null;
    }

    private float[] ropeFactors() {
        Optional<StoredTensor> factors = tensors.find("rope_freqs.weight");
        return factors.isEmpty()
                ? new float[0]
                : vector("rope_freqs.weight", model.rope().dimension() / 2);
    }

    private PackedMatrix pack(StoredTensor... stack) {
        PackedMatrix packed = MatrixPacker.pack(pool, arena, stack);
        doneBytes += packed.data().byteSize();
        progress.loaded(doneBytes, totalBytes);
        return packed;
    }

    private StoredTensor matrix(String name, int rows, int columns) {
        StoredTensor tensor = tensors.get(name);
        if (tensor.rows() != rows || tensor.columns() != columns) {
            throw new ServeException(
                    CORRUPT,
                    "tensor %s has shape [%d, %d], but the model's configuration needs [%d, %d]"
                            .formatted(name, tensor.rows(), tensor.columns(), rows, columns));
        }
        return tensor;
    }

    private float[] vector(String name, int length) {
        return Dequantizer.floats(matrix(name, 1, length));
    }

    private static String name(int layer, String tensor) {
        return "blk." + layer + "." + tensor;
    }

    private long packedBytes() {
        long bytes = layoutBytes("token_embd.weight") + (model.tiedHead() ? 0 : layoutBytes("output.weight"));
        for (int layer = 0; layer < model.layers(); layer++) {
            for (String matrix :
                    List.of("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")) {
                bytes += layoutBytes(name(layer, matrix + ".weight"));
            }
        }
        return bytes;
    }

    private long layoutBytes(String name) {
        return PackedLayout.of(tensors.get(name)).bytes();
    }
}
