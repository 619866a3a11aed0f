package io.llmserve.text.jinja;

import java.util.List;
import java.util.Map;

/// Values given to a filter, a test or a function.
record Arguments(List<Object> positional, Map<String, Object> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    /// By position, else by name, else `standard`.
    Object get(int position, String name, Object standard) {
        if (position < positional.size()) {
            return positional.get(position);
        }
        return named.getOrDefault(name, standard);
    }

    Object require(int position, String name) {
        Object value = get(position, name, Missing.MISSING);
        if (value == Missing.MISSING) {
            throw new TemplateException("the argument '%s' is missing".formatted(name));
        }
        return value;
    }

    String text(int position, String name, String standard) {
        return PythonText.string(get(position, name, standard));
    }

    boolean flag(int position, String name, boolean standard) {
        return Values.truth(get(position, name, standard));
    }

    int number(int position, String name, int standard) {
        Object value = get(position, name, (long) standard);
        return value == None.NONE ? standard : Values.index(value);
    }

    Arguments from(int first) {
        return new Arguments(positional.subList(Math.min(first, positional.size()), positional.size()), named);
    }

    private enum Missing {
        MISSING
    }
}
