package io.llmserve.models.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// A GGUF file in the making: little-endian fields one after the other.
final class GgufBytes {
    private static final int STRING = 8;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /// Magic, version and both counts.
    static GgufBytes header(int version, long tensors, long metadata) {
        return new GgufBytes().int32(0x46554747).int32(version).int64(tensors).int64(metadata);
    }

    GgufBytes int32(int value) {
        bytes.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
        return this;
    }

    GgufBytes int64(long value) {
        bytes.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
        return this;
    }

    GgufBytes text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int64(utf8.length).bytes.writeBytes(utf8);
        return this;
    }

    GgufBytes textValue(String key, String value) {
        return text(key).int32(STRING).text(value);
    }

    /// A tensor's place.
    GgufBytes tensor(String name, int type, long offset, long... dimensions) {
        text(name).int32(dimensions.length);
        for (long dimension : dimensions) {
            int64(dimension);
        }
        return int32(type).int64(offset);
    }

    GgufBytes zeros(int count) {
        bytes.writeBytes(new byte[count]);
        return this;
    }

    byte[] toBytes() {
        return bytes.toByteArray();
    }
}
