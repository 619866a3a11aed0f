package io.llmserve.engine;

/// Free pages in the order in which they are to be used: a doubly linked list over page numbers, every operation
/// O(1).
final class FreePages {
    private final int[] next;
    private final int[] previous;
    private final int end;
    private int size;

    FreePages(int pages) {
        next = new int[pages + 1];
        previous = new int[pages + 1];
        end = pages;
        next[end] = end;
        previous[end] = end;
    }

    int size() {
        return size;
    }

    void addFirst(int page) {
        insert(page, end, next[end]);
    }

    void addLast(int page) {
        insert(page, previous[end], end);
    }

    /// `page` must be in the list.
    void remove(int page) {
        next[previous[page]] = next[page];
        previous[next[page]] = previous[page];
        size--;
    }

    /// The list must not be empty.
    int removeFirst() {
        int page = next[end];
        remove(page);
        return page;
    }

    private void insert(int page, int before, int after) {
        previous[page] = before;
        next[page] = after;
        next[before] = page;
        previous[after] = page;
        size++;
    }
}
