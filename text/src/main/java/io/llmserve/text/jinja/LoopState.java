package io.llmserve.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// `loop`, as a loop's body sees it.
final class LoopState implements Function {
    private final List<Object> items;
    private final int depth;
    private final @Nullable Function deeper;
    private int index;
    private @Nullable Object lastChecked;

    /// @param depth of recursion, from 1
    /// @param deeper what `loop(...)` does; null where the loop is not recursive
    LoopState(List<Object> items, int depth, @Nullable Function deeper) {
        this.items = items;
        this.depth = depth;
        this.deeper = deeper;
    }

    @Override
    public Object call(Arguments arguments) {
        if (deeper == null) {
            throw new TemplateException("the loop must have the 'recursive' marker to be called recursively");
        }
        return deeper.call(arguments);
    }

    void moveTo(int newIndex) {
        index = newIndex;
    }

    @Nullable
    Object attribute(String name) {
        int size = items.size();
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> (long) (size - index);
            case "revindex0" -> size - index - 1L;
            case "first" -> index == 0;
            case "last" -> index == size - 1;
            case "length" -> (long) size;
            case "depth" -> (long) depth;
            case "depth0" -> depth - 1L;
            case "previtem" -> index > 0 ? items.get(index - 1) : new Undefined("there is no previous item");
            case "nextitem" -> index + 1 < size ? items.get(index + 1) : new Undefined("there is no next item");
            case "cycle" -> (Function) this::cycle;
            case "changed" -> (Function) this::changed;
            default -> null;
        };
    }

    private Object cycle(Arguments arguments) {
        List<Object> values = arguments.positional();
        if (values.isEmpty()) {
            throw new TemplateException("no items for cycling given");
        }
        return values.get(index % values.size());
    }

    private Object changed(Arguments arguments) {
        boolean changed = lastChecked == null || !Values.equal(lastChecked, arguments.positional());
        lastChecked = arguments.positional();
        return changed;
    }
}
