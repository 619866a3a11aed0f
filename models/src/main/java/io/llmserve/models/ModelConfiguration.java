package io.llmserve.models;

import static io.llmserve.core.Checks.check;

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

    private static final int MAX_LAYERS = 1024;
    private static final int MAX_WIDTH = 1 << 20;

    public ModelConfiguration {
        within("vocabulary size", vocabulary, 1 << 24);
        within("hidden size", hidden, MAX_WIDTH);
        within("feed-forward size", feedForward, MAX_WIDTH);
        within("layer count", layers, MAX_LAYERS);
        within("head count", heads, MAX_WIDTH);
        within("KV head count", kvHeads, heads);
        within("head dimension", headDimension, MAX_WIDTH / heads);
        within("context length", contextLength, 1 << 28);
        check(heads % kvHeads == 0, "%d heads cannot share %d KV heads", heads, kvHeads);
        check(headDimension % 2 == 0, "head dimension must be even, got %d", headDimension);
        check(normEpsilon > 0 && normEpsilon < 1, "norm epsilon must be in (0, 1), got %s", normEpsilon);
        check(
                rope.dimension() <= headDimension,
                "RoPE dimension %d exceeds the head dimension %d",
                rope.dimension(),
                headDimension);
        slidingWindow.ifPresent(window -> within("sliding window", window, Integer.MAX_VALUE));
    }

    /// The same widths with fewer layers and words.
    public ModelConfiguration cut(int layers, int vocabulary) {
        return new ModelConfiguration(
                architecture,
                vocabulary,
                hidden,
                feedForward,
                layers,
                heads,
                kvHeads,
                headDimension,
                contextLength,
                normEpsilon,
                rope,
                attentionBias,
                queryKeyNorm,
                tiedHead,
                slidingWindow);
    }

    public enum Architecture {
        LLAMA,
        MISTRAL,
        QWEN2,
        QWEN3
    }

    /// Rotary position embedding.
    /// @param interleaved pairs are (2i, 2i+1) as llama.cpp's converter permutes Llama weights; otherwise (i, i +
    /// dimension/2)
    /// @param linearFactor positions are divided by this; 1 is off
    public record Rope(
            float theta, int dimension, boolean interleaved, Optional<Llama3Scaling> llama3, float linearFactor) {
        public Rope {
            check(theta > 0 && Float.isFinite(theta), "RoPE base must be positive, got %s", theta);
            check(dimension > 0 && dimension % 2 == 0, "RoPE dimension must be positive and even, got %d", dimension);
            check(
                    linearFactor > 0 && Float.isFinite(linearFactor),
                    "RoPE scaling factor must be positive, got %s",
                    linearFactor);
        }
    }

    /// RoPE scaling of Llama 3.1 (`rope_scaling.rope_type = "llama3"`; in GGUF a precomputed `rope_freqs` tensor).
    public record Llama3Scaling(
            float factor, float lowFrequencyFactor, float highFrequencyFactor, int originalContextLength) {
        public Llama3Scaling {
            check(factor >= 1 && Float.isFinite(factor), "llama3 RoPE factor must be at least 1, got %s", factor);
            check(
                    lowFrequencyFactor > 0
                            && highFrequencyFactor > lowFrequencyFactor
                            && Float.isFinite(highFrequencyFactor),
                    "llama3 RoPE frequency factors must satisfy 0 < low < high, got low %s and high %s",
                    lowFrequencyFactor,
                    highFrequencyFactor);
            check(
                    originalContextLength > 0,
                    "llama3 RoPE original context length must be positive, got %d",
                    originalContextLength);
        }
    }

    private static void within(String name, int value, int limit) {
        check(value > 0 && value <= limit, "%s must be between 1 and %d, got %d", name, limit, value);
    }
}
