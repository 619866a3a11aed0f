package io.llmserve.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `a.b`, `a[b]` and `a[from:to:step]`.
final class Access {
    private Access() {}

    /// Jinja looks for an attribute first (a map's methods are such), then for an element.
    static Object attribute(Object object, String name) {
        Object found = find(object, name);
        if (found != null) {
            return found;
        }
        Object element = object instanceof Map<?, ?> map ? map.get(name) : null;
        return element == null ? Undefined.attribute(object, name) : element;
    }

    static Object element(Object object, Object key) {
        Values.failIfUndefined(object);
        Object found = switch (object) {
            case Map<?, ?> map -> Values.isKey(key) ? map.get(key) : null;
            case List<?> list -> isIndex(key) ? at(list, Values.index(key)) : null;
            case String text -> isIndex(key) ? character(text, Values.index(key)) : null;
            default -> null;
        };
        if (found == null && key instanceof String name) {
            found = find(object, name);
        }
        return found == null ? missing(object, key) : found;
    }

    static Object slice(Object object, Object from, Object to, Object step) {
        Values.failIfUndefined(object);
        if (object instanceof String text && step == None.NONE) {
            return part(text, from, to);
        }
        List<Object> items = Values.items(object);
        int stride = step == None.NONE ? 1 : Values.index(step);
        if (stride == 0) {
            throw new TemplateException("slice step cannot be zero");
        }
        int size = items.size();
        int start = bound(from, stride > 0 ? 0 : size - 1, size, stride);
        int end = bound(to, stride > 0 ? size : -1, size, stride);
        List<Object> slice = new ArrayList<>();
        for (int at = start; stride > 0 ? at < end : at > end; at += stride) {
            slice.add(items.get(at));
        }
        return switch (object) {
            case String _ ->
                String.join("", slice.stream().map(PythonText::string).toList());
            case Tuple _ -> Tuple.copyOf(slice);
            default -> slice;
        };
    }

    private static String part(String text, Object from, Object to) {
        Budget.spendText(text.length());
        int length = text.codePointCount(0, text.length());
        int start = bound(from, 0, length, 1);
        int end = Math.max(start, bound(to, length, length, 1));
        int at = text.offsetByCodePoints(0, start);
        return text.substring(at, text.offsetByCodePoints(at, end - start));
    }

    private static int bound(Object given, int standard, int size, int stride) {
        if (given == None.NONE) {
            return standard;
        }
        int value = Values.index(given);
        int fromStart = value < 0 ? Math.max(value, -size - 1) + size : value;
        return stride > 0 ? Math.clamp(fromStart, 0, size) : Math.clamp(fromStart, -1, size - 1);
    }

    private static @Nullable String character(String text, int index) {
        Budget.spendText(text.length());
        int length = text.codePointCount(0, text.length());
        int at = index < 0 ? index + length : index;
        return at >= 0 && at < length ? Character.toString(text.codePointAt(text.offsetByCodePoints(0, at))) : null;
    }

    private static boolean isIndex(Object key) {
        return key instanceof Long || key instanceof Boolean;
    }

    /// An attribute that is no element; null where there is none.
    static @Nullable Object find(Object object, String name) {
        return switch (object) {
            case Namespace namespace -> namespace.values().get(name);
            case LoopState loop -> loop.attribute(name);
            case Undefined undefined -> throw undefined.failure();
            default -> Methods.bind(object, name);
        };
    }

    private static @Nullable Object at(List<?> items, long index) {
        long at = index < 0 ? index + items.size() : index;
        return at >= 0 && at < items.size() ? items.get((int) at) : null;
    }

    private static Undefined missing(Object object, Object key) {
        return key instanceof String name
                ? Undefined.attribute(object, name)
                : new Undefined("%s object has no element %s".formatted(Values.typeName(object), PythonText.repr(key)));
    }
}
