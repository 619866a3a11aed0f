package io.llmserve.engine;

/// Random numbers as a function of (seed, position) alone: the same on every machine and in every batch.
/// Two rounds of SplitMix64's finaliser (Steele, Lea and Flood 2014).
final class CounterRandom {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private CounterRandom() {}

    /// Uniform in [0, 1), of 53 bits.
    static double uniform(long seed, long position) {
        long bits = mix(mix(seed + GOLDEN_GAMMA) + (position + 1) * GOLDEN_GAMMA);
        return (bits >>> 11) * 0x1p-53;
    }

    private static long mix(long state) {
        long mixed = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
