package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

import java.util.List;

/// Which sequence and position each row of a step belongs to: spans, one below the other.
public final class Batch {
    /// Consecutive rows of one sequence at consecutive positions: one row when decoding, a chunk when
    /// prefilling.
    ///
    /// @param pages `pages[i]` is the page of positions `16 i .. 16 i + 15`; it may be longer than needed
    public record Span(int firstPosition, int rows, int[] pages) {
        public Span {
            check(firstPosition >= 0 && rows > 0, "a span of %d rows cannot begin at %d", rows, firstPosition);
            int needed = (firstPosition + rows + KvLayout.PAGE_POSITIONS - 1) / KvLayout.PAGE_POSITIONS;
            check(
                    pages.length >= needed,
                    "%d positions need %d pages, got %d",
                    firstPosition + rows,
                    needed,
                    pages.length);
        }

        int endPosition() {
            return firstPosition + rows;
        }
    }

    private final Span[] spans;
    private final int[] firstRows;
    private final int[] spanOfRow;

    public Batch(List<Span> spans) {
        this.spans = spans.toArray(Span[]::new);
        this.firstRows = new int[this.spans.length];
        int rows = 0;
        for (int i = 0; i < firstRows.length; i++) {
            firstRows[i] = rows;
            rows += this.spans[i].rows();
        }
        this.spanOfRow = new int[rows];
        for (int row = 0, span = -1; row < rows; row++) {
            span += span + 1 < firstRows.length && firstRows[span + 1] == row ? 1 : 0;
            spanOfRow[row] = span;
        }
    }

    public int rows() {
        return spanOfRow.length;
    }

    public int spans() {
        return spans.length;
    }

    public Span span(int index) {
        return spans[index];
    }

    /// The first row of a span.
    public int firstRow(int span) {
        return firstRows[span];
    }

    public int position(int row) {
        int span = spanOfRow[row];
        return spans[span].firstPosition() + row - firstRows[span];
    }

    /// The position after the last one of the row's span.
    int endPosition(int row) {
        return spans[spanOfRow[row]].endPosition();
    }

    int pageOf(int row) {
        return spans[spanOfRow[row]].pages()[position(row) / KvLayout.PAGE_POSITIONS];
    }
}
