package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The vector width of this process: the machine's preferred one, at most 512 bits, or `-Dllmserve.vectorBits`.
/// Kernels work on 16 values at a time, in `16 / COUNT` parts.
final class Lanes {
    private static final VectorShape SHAPE = shape();
    static final VectorSpecies<Float> FLOAT = VectorSpecies.of(float.class, SHAPE);
    static final VectorSpecies<Integer> INT = VectorSpecies.of(int.class, SHAPE);
    /// As many 16-bit values.
    static final VectorSpecies<Short> SHORT =
            VectorSpecies.of(short.class, VectorShape.forBitSize(SHAPE.vectorBitSize() / 2));

    static final int COUNT = FLOAT.length();

    private Lanes() {}

    private static VectorShape shape() {
        int bits =
                Integer.getInteger("llmserve.vectorBits", Math.min(512, FloatVector.SPECIES_PREFERRED.vectorBitSize()));
        check(bits == 128 || bits == 256 || bits == 512, "llmserve.vectorBits is 128, 256 or 512, got %d", bits);
        return VectorShape.forBitSize(bits);
    }

    /// bf16 values, widened.
    static FloatVector widen(ShortVector halves) {
        IntVector words = (IntVector) halves.convertShape(VectorOperators.S2I, INT, 0);
        return words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /// [Exponential#of], lane by lane.
    static FloatVector exp(FloatVector x) {
        FloatVector bounded = x.blend(Exponential.HIGHEST, x.compare(VectorOperators.GT, Exponential.HIGHEST));
        FloatVector shifted = bounded.fma(splat(Exponential.LOG2_E), splat(Exponential.ROUNDER));
        FloatVector n = shifted.sub(Exponential.ROUNDER);
        FloatVector r = n.fma(splat(-Exponential.LN2_HIGH), bounded);
        r = n.fma(splat(-Exponential.LN2_LOW), r);
        FloatVector p = r.fma(splat(Exponential.C6), splat(Exponential.C5));
        p = p.fma(r, splat(Exponential.C4));
        p = p.fma(r, splat(Exponential.C3));
        p = p.fma(r, splat(Exponential.C2));
        p = p.fma(r, splat(1));
        p = p.fma(r, splat(1));
        IntVector exponent = shifted.reinterpretAsInts()
                .sub(Float.floatToRawIntBits(Exponential.ROUNDER) - 127)
                .lanewise(VectorOperators.LSHL, 23);
        FloatVector value = p.mul(exponent.reinterpretAsFloats());
        return value.blend(0f, x.compare(VectorOperators.LT, Exponential.LOWEST));
    }

    static FloatVector splat(float value) {
        return FloatVector.broadcast(FLOAT, value);
    }
}
