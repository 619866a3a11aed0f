package io.llmserve.text;

import java.util.Arrays;

/// A growing array of token ids.
final class IdBuffer {
    private int[] ids = new int[64];
    private int size;

    void add(int... more) {
        if (size + more.length > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(ids.length * 2, size + more.length));
        }
        System.arraycopy(more, 0, ids, size, more.length);
        size += more.length;
    }

    int[] toArray() {
        return Arrays.copyOf(ids, size);
    }
}
