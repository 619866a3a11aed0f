package io.llmserve.models.gguf;

import static io.llmserve.models.ModelFileFailure.damaged;
import static io.llmserve.models.ModelFileFailure.unsupported;

import io.llmserve.tensor.DType;
import io.llmserve.tensor.StoredTensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A GGUF file taken apart: `magic, version, tensor count, metadata count, metadata, tensor places, padding, numbers`
/// (docs/gguf.md of ggml). Nothing in it is believed before it is checked against the file's size.
record GgufFile(GgufMetadata metadata, Map<String, StoredTensor> tensors) {
    private static final int MAGIC = 0x46554747;
    private static final int MAX_METADATA = 1 << 16;
    private static final int MAX_TENSORS = 1 << 16;
    private static final int MAX_ELEMENTS = 1 << 24;
    private static final int MAX_KEY_BYTES = (1 << 16) - 1;
    private static final int MAX_TENSOR_NAME_BYTES = 256;
    private static final int MAX_TEXT_BYTES = 16 << 20;
    private static final int DEFAULT_ALIGNMENT = 32;

    /// @param dimensions in the file's order: columns first
    private record Place(String name, DType type, long[] dimensions, long offset) {}

    /// @param whole the file's bytes, mapped
    static GgufFile parse(Path file, GgufCursor cursor, MemorySegment whole) {
        checkVersion(file, cursor);
        int tensorCount = cursor.count(MAX_TENSORS, 24, "the tensor count");
        int metadataCount = cursor.count(MAX_METADATA, 13, "the metadata count");
        Map<String, GgufValue> values = new LinkedHashMap<>();
        for (int i = 0; i < metadataCount; i++) {
            String key = cursor.text(MAX_KEY_BYTES, "a metadata key");
            if (values.put(key, value(file, cursor, key)) != null) {
                throw damaged(file, "metadata has %s twice", key);
            }
        }
        List<Place> places = new ArrayList<>();
        for (int i = 0; i < tensorCount; i++) {
            places.add(place(file, cursor));
        }
        GgufMetadata metadata = new GgufMetadata(file, values, cursor.bytes());
        return new GgufFile(metadata, tensors(file, metadata, places, cursor.position(), whole));
    }

    private static void checkVersion(Path file, GgufCursor cursor) {
        if (cursor.int32("the magic number") != MAGIC) {
            throw damaged(file, "it does not begin with GGUF");
        }
        int version = cursor.int32("the version");
        if ((version & 0xFFFF) == 0 && version != 0) {
            throw unsupported(file, "it is big-endian; only little-endian GGUF is supported");
        }
        if (version != 2 && version != 3) {
            throw unsupported(file, "it is GGUF version %s; supported are 2 and 3", Integer.toUnsignedString(version));
        }
    }

    private static GgufValue value(Path file, GgufCursor cursor, String key) {
        GgufValueType type = type(file, cursor, key);
        return switch (type) {
            case UINT8 -> new GgufValue.Whole(cursor.unsignedByte(key));
            case INT8 -> new GgufValue.Whole((byte) cursor.unsignedByte(key));
            case UINT16 -> new GgufValue.Whole(cursor.unsignedShort(key));
            case INT16 -> new GgufValue.Whole((short) cursor.unsignedShort(key));
            case UINT32 -> new GgufValue.Whole(Integer.toUnsignedLong(cursor.int32(key)));
            case INT32 -> new GgufValue.Whole(cursor.int32(key));
            case UINT64, INT64 -> new GgufValue.Whole(cursor.int64(key));
            case FLOAT32 -> new GgufValue.Real(Float.intBitsToFloat(cursor.int32(key)));
            case FLOAT64 -> new GgufValue.Real(Double.longBitsToDouble(cursor.int64(key)));
            case BOOL -> new GgufValue.Flag(cursor.unsignedByte(key) != 0);
            case STRING -> new GgufValue.Text(cursor.text(MAX_TEXT_BYTES, key));
            case ARRAY -> sequence(file, cursor, key);
        };
    }

    private static GgufValue sequence(Path file, GgufCursor cursor, String key) {
        GgufValueType element = type(file, cursor, key);
        if (element == GgufValueType.ARRAY) {
            throw unsupported(file, "%s is a list of lists", key);
        }
        int count = cursor.count(MAX_ELEMENTS, element.minimumBytes(), key);
        int start = cursor.position();
        if (element == GgufValueType.STRING) {
            for (int i = 0; i < count; i++) {
                cursor.skipText(MAX_TEXT_BYTES, key);
            }
        } else {
            cursor.advance((long) count * element.minimumBytes(), key);
        }
        return new GgufValue.Sequence(element, count, start);
    }

    private static GgufValueType type(Path file, GgufCursor cursor, String key) {
        int id = cursor.int32(key);
        GgufValueType[] types = GgufValueType.values();
        if (id < 0 || id >= types.length) {
            throw damaged(file, "%s has the unknown value type %s", key, Integer.toUnsignedString(id));
        }
        return types[id];
    }

    private static Place place(Path file, GgufCursor cursor) {
        String name = cursor.text(MAX_TENSOR_NAME_BYTES, "a tensor name");
        int rank = cursor.int32(name);
        if (rank < 1 || rank > 4) {
            throw damaged(
                    file, "tensor %s has %s dimensions, allowed are 1 to 4", name, Integer.toUnsignedString(rank));
        }
        long[] dimensions = new long[rank];
        for (int i = 0; i < rank; i++) {
            dimensions[i] = cursor.int64(name);
            boolean needed = i < 2;
            if (dimensions[i] < 1 || dimensions[i] > (needed ? Integer.MAX_VALUE : 1)) {
                throw damaged(
                        file,
                        "tensor %s has %s as dimension %d, allowed are two of 1 to %d",
                        name,
                        Long.toUnsignedString(dimensions[i]),
                        i,
                        Integer.MAX_VALUE);
            }
        }
        DType type = GgufTensorType.of(file, name, cursor.int32(name));
        return new Place(name, type, dimensions, cursor.int64(name));
    }

    private static Map<String, StoredTensor> tensors(
            Path file, GgufMetadata metadata, List<Place> places, int frontEnd, MemorySegment whole) {
        int alignment = metadata.count("general.alignment").orElse(DEFAULT_ALIGNMENT);
        if (Integer.bitCount(alignment) != 1 || alignment < 8 || alignment > 1 << 20) {
            throw damaged(file, "general.alignment is %d, which is no power of two from 8 to 1048576", alignment);
        }
        long base = (frontEnd + alignment - 1L) & -alignment;
        Map<String, StoredTensor> tensors = HashMap.newHashMap(places.size());
        for (Place place : places) {
            if (tensors.put(place.name(), tensor(file, place, base, alignment, whole)) != null) {
                throw damaged(file, "tensor %s is there twice", place.name());
            }
        }
        return tensors;
    }

    private static StoredTensor tensor(Path file, Place place, long base, int alignment, MemorySegment whole) {
        int columns = (int) place.dimensions()[0];
        int rows = place.dimensions().length > 1 ? (int) place.dimensions()[1] : 1;
        DType type = place.type();
        if (columns % type.blockElements() != 0) {
            throw damaged(
                    file, "tensor %s has %d columns, which do not fill blocks of %s", place.name(), columns, type);
        }
        long bytes = bytes(type, rows, columns);
        long available = whole.byteSize() - base;
        if (place.offset() < 0 || place.offset() % alignment != 0 || place.offset() > available - bytes) {
            throw damaged(
                    file,
                    "tensor %s [%d, %d] %s needs %s bytes at offset %s (a multiple of %d), but the file has %d there",
                    place.name(),
                    rows,
                    columns,
                    type,
                    bytes,
                    Long.toUnsignedString(place.offset()),
                    alignment,
                    Math.max(0, available));
        }
        return new StoredTensor(place.name(), type, rows, columns, whole.asSlice(base + place.offset(), bytes));
    }

    /// `Long.MAX_VALUE` where the product exceeds it; no file has that many.
    private static long bytes(DType type, int rows, int columns) {
        long perRow = (long) (columns / type.blockElements()) * type.blockBytes();
        return perRow > Long.MAX_VALUE / rows ? Long.MAX_VALUE : perRow * rows;
    }
}
