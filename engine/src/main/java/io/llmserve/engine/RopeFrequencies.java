package io.llmserve.engine;

import io.llmserve.models.ModelConfiguration.Llama3Scaling;
import io.llmserve.models.ModelConfiguration.Rope;

/// The inverse frequencies of rotary position embedding, with the scalings that models were trained with.
final class RopeFrequencies {
    private RopeFrequencies() {}

    /// One per pair of dimensions: `theta ^ (-2 i / dimension)`, scaled.
    ///
    /// @param factors of the file's `rope_freqs`, which win over the configuration's scaling; may be empty
    static float[] inverse(Rope rope, float[] factors) {
        float[] frequencies = new float[rope.dimension() / 2];
        for (int i = 0; i < frequencies.length; i++) {
            float frequency = (float) Math.pow(rope.theta(), -2.0 * i / rope.dimension());
            if (factors.length > 0) {
                frequency /= factors[i];
            } else if (rope.llama3().isPresent()) {
                frequency = llama3(frequency, rope.llama3().get());
            }
            frequencies[i] = frequency / rope.linearFactor();
        }
        return frequencies;
    }

    /// Llama 3.1: long waves are stretched by the factor, short ones kept, those between blended
    /// (transformers, `modeling_rope_utils.py`).
    private static float llama3(float frequency, Llama3Scaling scaling) {
        double wavelength = 2 * Math.PI / frequency;
        double turns = scaling.originalContextLength() / wavelength;
        if (turns < scaling.lowFrequencyFactor()) {
            return frequency / scaling.factor();
        }
        if (turns > scaling.highFrequencyFactor()) {
            return frequency;
        }
        double smooth = (turns - scaling.lowFrequencyFactor())
                / ((double) scaling.highFrequencyFactor() - scaling.lowFrequencyFactor());
        return (float) ((1 - smooth) * frequency / scaling.factor() + smooth * frequency);
    }
}
