package io.llmserve.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Random;

/// Stored tensors with random contents and scales of ordinary size.
final class RandomTensors {
    private RandomTensors() {}

    static StoredTensor of(DType type, int rows, int columns, Random random) {
        byte[] bytes = new byte[Math.toIntExact(type.bytes((long) rows * columns))];
        random.nextBytes(bytes);
        for (int block = 0; block < bytes.length; block += type.blockBytes()) {
            switch (type) {
                case F32 -> put(bytes, block, Float.floatToRawIntBits((float) random.nextGaussian()), 4);
                case F16 -> scale(bytes, block, random, 1);
                case BF16 -> put(bytes, block, Float.floatToRawIntBits((float) random.nextGaussian()) >>> 16, 2);
                case Q8_0, Q4_0 -> scale(bytes, block, random, 0.05);
                case Q4_1, Q4_K -> {
                    scale(bytes, block, random, 0.05);
                    scale(bytes, block + 2, random, 0.05);
                }
                case Q6_K -> scale(bytes, block + 208, random, 0.01);
            }
        }
        return new StoredTensor("random " + type, type, rows, columns, MemorySegment.ofArray(bytes));
    }

    static float[] floats(int count, Random random) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static void scale(byte[] bytes, int at, Random random, double size) {
        put(bytes, at, Float.floatToFloat16((float) (random.nextGaussian() * size)), 2);
    }

    private static void put(byte[] bytes, int at, int value, int count) {
        for (int i = 0; i < count; i++) {
            bytes[at + i] = (byte) (value >>> (8 * i));
        }
    }
}
