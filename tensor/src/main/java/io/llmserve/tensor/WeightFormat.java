package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

/// How weights lie once packed for the kernels: 16 rows interleaved, so that one 64-byte line holds one 32-bit
/// word of each of 16 rows. A matrix is a sequence of blocks (16 rows, all columns); a block is a sequence of
/// groups of columns; a group is a sequence of lines, little-endian. Rows are padded to 16 with zero bytes.
/// There is no header. Files made by [MatrixPacker] rely on this: raise [#LAYOUT_VERSION] with any change.
///
/// The value of a weight is defined here, in f32, each step rounded once; every kernel computes exactly this.
public enum WeightFormat {
    /// `w = fma(a, 1 + q / 16, b)` with `a = 16 * scale` and `b = minimum - a`: `1 + q / 16` is q put into the
    /// fraction of 1.0, which costs no conversion. That is `fma(scale, q, minimum)` to the bit where b is exact;
    /// halves have 11 bits, so it is unless scale and minimum lie 2^9 apart. Group: line of f32 a, line of f32 b,
    /// 4 lines of nibbles; nibble `i` of a word of line `j`, from the lowest on, is column `8j + i`.
    INT4(32, 6),
    /// `w = scale * q`, one scale for 32 columns. Group: line of f32 scales, 8 lines; byte `b` of line `j` is
    /// column `4j + b`.
    INT8(32, 9),
    /// `w = scale * q`, one scale for 16 columns. Group: line of f32 scales, 4 lines of 4 columns each.
    INT8_16(16, 5),
    /// Line: column `2j` in the low, `2j + 1` in the high half of each word.
    BF16(2, 1),
    /// As BF16 with IEEE halves; infinities and NaN, which no weight has, would read as finite numbers.
    F16(2, 1),
    /// Line: one column.
    F32(1, 1);

    /// Rows that are interleaved.
    public static final int BLOCK_ROWS = 16;

    /// Names this layout in caches of packed weights.
    public static final int LAYOUT_VERSION = 2;

    static final int LINE_BYTES = BLOCK_ROWS * Integer.BYTES;

    private final int groupColumns;
    private final int groupBytes;

    WeightFormat(int groupColumns, int groupLines) {
        this.groupColumns = groupColumns;
        this.groupBytes = groupLines * LINE_BYTES;
    }

    /// The format that keeps every value of a stored type as it is, in the fewest bytes.
    public static WeightFormat of(DType type) {
        return switch (type) {
            case F32 -> F32;
            case F16 -> F16;
            case BF16 -> BF16;
            case Q8_0 -> INT8;
            case Q6_K -> INT8_16;
            case Q4_0, Q4_1, Q4_K -> INT4;
        };
    }

    /// Bytes of `[rows, columns]` weights, padding included.
    public long bytes(int rows, int columns) {
        check(columns % 32 == 0, "packed weights need a multiple of 32 columns, got %d", columns);
        return blocks(rows) * blockBytes(columns);
    }

    static long blocks(int rows) {
        return ((long) rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    }

    int groupColumns() {
        return groupColumns;
    }

    int groupBytes() {
        return groupBytes;
    }

    long blockBytes(int columns) {
        return (long) (columns / groupColumns) * groupBytes;
    }
}
