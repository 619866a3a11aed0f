package io.llmserve.engine;

import io.llmserve.tensor.PackedMatrix;
import org.jspecify.annotations.Nullable;

/// One decoder layer. Matrices that read the same input are stacked.
record LayerWeights(Attention attention, FeedForward feedForward) {
    /// @param queryKeyValue `[(heads + 2 kvHeads) * headDimension, hidden]`
    /// @param bias of `queryKeyValue`, where the architecture has one
    /// @param queryNorm of each head, where the architecture has one; so `keyNorm`
    /// @param output `[hidden, heads * headDimension]`
    record Attention(
            float[] norm,
            PackedMatrix queryKeyValue,
            float @Nullable [] bias,
            float @Nullable [] queryNorm,
            float @Nullable [] keyNorm,
            PackedMatrix output) {}

    /// @param gateUp `[2 feedForward, hidden]`
    /// @param down `[hidden, feedForward]`
    record FeedForward(float[] norm, PackedMatrix gateUp, PackedMatrix down) {}
}
