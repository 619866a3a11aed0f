package io.llmserve.routing.kv;

import java.util.Arrays;

/// Sets of workers as rows of bits, all of one width, in one array.
final class WorkerRows {
    private long[] words = new long[64];
    private int width = 1;
    private int rows;
    /// The first of the free rows, each of which has the next one plus 1 in its first word; -1 for none.
    private int free = -1;

    int width() {
        return width;
    }

    long bytes() {
        return 8L * words.length;
    }

    /// Makes place for this worker in all rows.
    void reach(int worker) {
        int wider = (worker >>> 6) + 1;
        if (wider <= width) {
            return;
        }
        long[] old = words;
        words = new long[Math.max(64, rows * wider)];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(old, row * width, words, row * wider, width);
        }
        width = wider;
    }

    /// An empty row.
    int take() {
        if (free >= 0) {
            int row = free;
            free = (int) words[row * width] - 1;
            words[row * width] = 0;
            return row;
        }
        int end = (rows + 1) * width;
        if (end > words.length) {
            words = Arrays.copyOf(words, Math.max(end, words.length + words.length / 3));
        }
        return rows++;
    }

    void give(int row) {
        Arrays.fill(words, row * width, (row + 1) * width, 0);
        words[row * width] = free + 1L;
        free = row;
    }

    boolean set(int row, int worker) {
        int word = row * width + (worker >>> 6);
        long before = words[word];
        words[word] |= 1L << worker;
        return words[word] != before;
    }

    boolean clear(int row, int worker) {
        int word = row * width + (worker >>> 6);
        long before = words[word];
        words[word] &= ~(1L << worker);
        return words[word] != before;
    }

    int count(int row) {
        int count = 0;
        for (int word = row * width; word < (row + 1) * width; word++) {
            count += Long.bitCount(words[word]);
        }
        return count;
    }

    /// The word `at` of the row.
    long word(int row, int at) {
        return words[row * width + at];
    }
}
