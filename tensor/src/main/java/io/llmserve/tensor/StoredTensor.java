package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

import java.lang.foreign.MemorySegment;

/// A matrix `[rows, columns]`, row-major, as it lies in a model file; a vector has one row. `data` is exactly
/// its bytes, little-endian, perhaps unaligned.
public record StoredTensor(String name, DType type, int rows, int columns, MemorySegment data) {
    public StoredTensor {
        check(rows > 0 && columns > 0, "%s has shape [%d, %d]", name, rows, columns);
        check(columns % type.blockElements() == 0, "%s: %d columns do not fill blocks of %s", name, columns, type);
        check(
                data.byteSize() == type.bytes((long) rows * columns),
                "%s: %d bytes, but [%d, %d] of %s needs %d",
                name,
                data.byteSize(),
                rows,
                columns,
                type,
                type.bytes((long) rows * columns));
    }
}
