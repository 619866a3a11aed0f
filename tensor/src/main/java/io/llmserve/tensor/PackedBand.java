package io.llmserve.tensor;

import java.lang.foreign.MemorySegment;

/// One band of a [PackedMatrix]: `rows` rows from `firstRow` of the matrix on, all in `format`.
record PackedBand(WeightFormat format, int rows, int columns, int firstRow, MemorySegment data) {
    int blocks() {
        return (int) WeightFormat.blocks(rows);
    }

    long blockOffset(int block) {
        return block * format.blockBytes(columns);
    }

    int groups() {
        return columns / format.groupColumns();
    }

    /// Rows of `block` that are not padding.
    int rowsOf(int block) {
        return Math.min(WeightFormat.BLOCK_ROWS, rows - block * WeightFormat.BLOCK_ROWS);
    }
}
