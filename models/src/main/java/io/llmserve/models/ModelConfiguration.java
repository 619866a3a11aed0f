package io.llmserve.models;

import java.util.Optional;

/// The shape of a decoder of the Llama family. Counts, not bytes.
///
/// @param attentionBias Qwen2 has biases on q, k and v
/// @param queryKeyNorm Qwen3 normalises each head of q and k before RoPE
/// @param tiedHead the output head is the embedding matrix
/// @param slidingWindow attention sees only this many last positions (some Mistral); absent: all
public record ModelConfiguration(
        Architecture architecture,
        int vocabulary,
        int hidden,
        int feedForward,
        int layers,
        int heads,
        int kvHeads,
        int headDimension,
        int contextLength,
        float normEpsilon,
        Rope rope,
        boolean attentionBias,
        boolean queryKeyNorm,
        boolean tiedHead,
        Optional<Integer> slidingWindow) {

    public enum Architecture {
        LLAMA,
        MISTRAL,
        QWEN2,
        QWEN3
    }

    /// Rotary position embedding.
    /// @param interleaved pairs are (2i, 2i+1) as llama.cpp's converter permutes Llama weights; otherwise (i, i +
    /// dimension/2)
    public record Rope(
            float theta, int dimension, boolean interleaved, Optional<Llama3Scaling> llama3, float linearFactor) {}

    /// RoPE scaling of Llama 3.1 (`rope_scaling.rope_type = "llama3"`; in GGUF a precomputed `rope_freqs` tensor).
    public record Llama3Scaling(
            float factor, float lowFrequencyFactor, float highFrequencyFactor, int originalContextLength) {}
}
