package io.llmserve.engine;

import io.llmserve.tensor.PackedMatrix;
import java.util.List;

/// A model's weights as the kernels read them: packed once, read by every engine of the process, never written.
///
/// @param embedding `[vocabulary, hidden]`
/// @param head `[vocabulary, hidden]`; the embedding itself where they are tied
/// @param ropeFactors divide the inverse frequencies, one per pair; empty where the file has none
record Weights(
        PackedMatrix embedding, List<LayerWeights> layers, float[] outputNorm, PackedMatrix head, float[] ropeFactors) {
    Weights {
        layers = List.copyOf(layers);
    }
}
