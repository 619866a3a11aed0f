package io.llmserve.tensor;

/// `e^x` in f32, within 3 units in the last place: `2^n * p(r)`, `n` the integer nearest to `x / ln 2`, `r = x
/// - n ln 2` in two steps, `p` a polynomial in fma steps. Below [#LOWEST] it is +0; above [#HIGHEST] it stays
/// at that value's. `e^0` is exactly 1.
final class Exponential {
    static final float LOWEST = -87.0f;
    static final float HIGHEST = 88.0f;
    static final float LOG2_E = 1.442695f;
    static final float ROUNDER = 0x1.8p23f;
    static final float LN2_HIGH = 0.69314575f;
    static final float LN2_LOW = 1.4286068e-6f;
    static final float C2 = 0.5f;
    static final float C3 = 0.16666667f;
    static final float C4 = 0.041666664f;
    static final float C5 = 0.008333452f;
    static final float C6 = 0.0013925988f;

    private Exponential() {}

    static float of(float x) {
        if (x < LOWEST) {
            return 0;
        }
        float bounded = Math.min(x, HIGHEST);
        float shifted = Math.fma(bounded, LOG2_E, ROUNDER);
        float n = shifted - ROUNDER;
        float r = Math.fma(n, -LN2_HIGH, bounded);
        r = Math.fma(n, -LN2_LOW, r);
        float p = Math.fma(C6, r, C5);
        p = Math.fma(p, r, C4);
        p = Math.fma(p, r, C3);
        p = Math.fma(p, r, C2);
        p = Math.fma(p, r, 1);
        p = Math.fma(p, r, 1);
        int exponent = Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(ROUNDER) + 127;
        return p * Float.intBitsToFloat(exponent << 23);
    }
}
