package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

/// A view of some heads inside rows of activations: head `h` of row `r` begins at `r * stride + offset + h *
/// dimension`.
///
/// @param stride floats from row to row
public record Heads(float[] values, int stride, int offset, int count, int dimension) {
    public Heads {
        check(
                offset >= 0 && count > 0 && dimension > 0 && offset + count * dimension <= stride,
                "%d heads of %d at %d do not fit rows of %d",
                count,
                dimension,
                offset,
                stride);
    }

    int at(int row, int head) {
        return row * stride + offset + head * dimension;
    }

    void checkRows(int rows) {
        check(values.length >= (long) rows * stride, "%d rows of %d do not fit %d floats", rows, stride, values.length);
    }
}
