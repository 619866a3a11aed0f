package io.llmserve.models.huggingface;

import static io.llmserve.models.ModelFileFailure.damaged;
import static io.llmserve.models.ModelFileFailure.unsupported;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.models.ModelFileFailure;
import io.llmserve.tensor.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// A safetensors file: `u64 header length, JSON header, numbers` (README of the safetensors project). Nothing in the
/// header is believed before it is checked against the file's size.
///
/// @param entries by the names that the file gives them
record SafetensorsFile(Path file, Map<String, Entry> entries) {
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int MAX_HEADER_BYTES = 16 << 20;

    /// @param type the file's own word, e.g. `BF16`
    record Entry(Path file, String name, String type, long[] shape, MemorySegment data) {
        DType numbers() {
            return switch (type) {
                case "F32" -> DType.F32;
                case "F16" -> DType.F16;
                case "BF16" -> DType.BF16;
                default ->
                    throw unsupported(file, "tensor %s is %s; supported in safetensors are F32, F16, BF16", name, type);
            };
        }
    }

    static SafetensorsFile map(Path file, Arena arena) {
        try (FileChannel channel = FileChannel.open(file)) {
            return parse(file, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (IOException e) {
            throw ModelFileFailure.unreadable(file, e);
        }
    }

    private static SafetensorsFile parse(Path file, MemorySegment whole) {
        if (whole.byteSize() < LENGTH.byteSize()) {
            throw damaged(file, "it has %d bytes and no header", whole.byteSize());
        }
        long length = whole.get(LENGTH, 0);
        long possible = Math.min(MAX_HEADER_BYTES, whole.byteSize() - LENGTH.byteSize());
        if (length < 2 || length > possible) {
            throw damaged(
                    file, "its header has %s bytes, possible are 2 to %d", Long.toUnsignedString(length), possible);
        }
        byte[] header = whole.asSlice(LENGTH.byteSize(), length).toArray(ValueLayout.JAVA_BYTE);
        JsonDocument document = JsonDocument.parse(file, header);
        MemorySegment numbers = whole.asSlice(LENGTH.byteSize() + length);
        Map<String, Entry> entries = new LinkedHashMap<>();
        document.object().properties().forEach(property -> {
            if (!property.getKey().equals("__metadata__")) {
                entries.put(property.getKey(), entry(file, property.getKey(), property.getValue(), numbers));
            }
        });
        return new SafetensorsFile(file, entries);
    }

    private static Entry entry(Path file, String name, JsonNode value, MemorySegment numbers) {
        long[] shape = longs(file, name, value.path("shape"), 0, 8);
        long[] offsets = longs(file, name, value.path("data_offsets"), 2, 2);
        if (offsets[0] > offsets[1] || offsets[1] > numbers.byteSize()) {
            throw damaged(
                    file,
                    "tensor %s lies at bytes %d to %d, but there are %d",
                    name,
                    offsets[0],
                    offsets[1],
                    numbers.byteSize());
        }
        if (!value.path("dtype").isTextual()) {
            throw damaged(file, "tensor %s has no dtype", name);
        }
        return new Entry(
                file,
                name,
                value.path("dtype").textValue(),
                shape,
                numbers.asSlice(offsets[0], offsets[1] - offsets[0]));
    }

    private static long[] longs(Path file, String name, JsonNode array, int fewest, int most) {
        if (!array.isArray() || array.size() < fewest || array.size() > most) {
            throw damaged(file, "tensor %s has a malformed shape or malformed offsets", name);
        }
        long[] values = new long[array.size()];
        for (int i = 0; i < values.length; i++) {
            JsonNode element = array.get(i);
            if (!element.isIntegralNumber() || !element.canConvertToLong() || element.longValue() < 0) {
                throw damaged(file, "tensor %s has %s among its shape or offsets", name, element);
            }
            values[i] = element.longValue();
        }
        return values;
    }
}
