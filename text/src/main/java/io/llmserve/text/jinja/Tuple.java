package io.llmserve.text.jinja;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/// Python's tuple: a list that is written in parentheses, equals no list and can be a key.
final class Tuple extends AbstractList<Object> implements RandomAccess {
    private final List<Object> items;

    private Tuple(List<Object> items) {
        this.items = items;
    }

    static Tuple of(Object... items) {
        return new Tuple(List.of(items));
    }

    static Tuple copyOf(List<Object> items) {
        return new Tuple(List.copyOf(items));
    }

    @Override
    public Object get(int index) {
        return items.get(index);
    }

    @Override
    public int size() {
        return items.size();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Tuple && Values.equal(this, other);
    }

    @Override
    public int hashCode() {
        Budget.spend(1 + items.size());
        return items.hashCode();
    }
}
