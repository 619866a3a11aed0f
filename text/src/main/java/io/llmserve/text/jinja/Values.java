package io.llmserve.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Python's rules for values: truth, equality, order, length, elements.
final class Values {
    private Values() {}

    /// A value of the template from one of Java, as JSON parsers make them.
    static Object of(@Nullable Object value) {
        return switch (value) {
            case null -> None.NONE;
            case Integer number -> number.longValue();
            case Short number -> number.longValue();
            case Byte number -> number.longValue();
            case Float number -> number.doubleValue();
            case java.math.BigDecimal number -> number.doubleValue();
            case BigInteger number -> number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
            case List<?> list -> {
                List<Object> copy = new ArrayList<>(list.size());
                list.forEach(item -> copy.add(of(item)));
                yield copy;
            }
            case Map<?, ?> map -> {
                Map<Object, Object> copy = LinkedHashMap.newLinkedHashMap(map.size());
                map.forEach((key, item) -> copy.put(of(key), of(item)));
                yield copy;
            }
            default -> value;
        };
    }

    static boolean truth(Object value) {
        return switch (value) {
            case Boolean truth -> truth;
            case None _ -> false;
            case Undefined _ -> false;
            case String text -> !text.isEmpty();
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            case Number number -> number.doubleValue() != 0;
            default -> true;
        };
    }

    static boolean equal(Object left, Object right) {
        Budget.spend(1);
        if (isNumber(left) && isNumber(right)) {
            return left.equals(right) || number(left) == number(right);
        }
        if (left instanceof String a && right instanceof String b) {
            Budget.spendText(Math.min(a.length(), b.length()));
            return a.equals(b);
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            if (a.size() != b.size() || left instanceof Tuple != right instanceof Tuple) {
                return false;
            }
            for (int i = 0; i < a.size(); i++) {
                if (!equal(a.get(i), b.get(i))) {
                    return false;
                }
            }
            return true;
        }
        if (left instanceof Map<?, ?> a && right instanceof Map<?, ?> b) {
            return a.size() == b.size()
                    && a.entrySet().stream().allMatch(entry -> {
                        Object other = b.get(entry.getKey());
                        return other != null && equal(entry.getValue(), other);
                    });
        }
        return left.equals(right) || (left instanceof Undefined && right instanceof Undefined);
    }

    static int compare(String operator, Object left, Object right) {
        Budget.spend(1);
        if (isNumber(left) && isNumber(right)) {
            return left instanceof Long a && right instanceof Long b
                    ? Long.compare(a, b)
                    : Double.compare(number(left), number(right));
        }
        if (left instanceof String a && right instanceof String b) {
            Budget.spendText(Math.min(a.length(), b.length()));
            return compareText(a, b);
        }
        if (left instanceof List<?> a
                && right instanceof List<?> b
                && typeName(left).equals(typeName(right))) {
            for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
                if (!equal(a.get(i), b.get(i))) {
                    return compare(operator, a.get(i), b.get(i));
                }
            }
            return Integer.compare(a.size(), b.size());
        }
        failIfUndefined(left);
        failIfUndefined(right);
        throw new TemplateException("'%s' not supported between instances of '%s' and '%s'"
                .formatted(operator, typeName(left), typeName(right)));
    }

    /// By code points, as Python does.
    static int compareText(String left, String right) {
        int limit = Math.min(left.length(), right.length());
        for (int i = 0; i < limit; i++) {
            char a = left.charAt(i);
            char b = right.charAt(i);
            if (a != b) {
                boolean surrogates = Character.isSurrogate(a) != Character.isSurrogate(b);
                return surrogates ? (Character.isSurrogate(a) ? 1 : -1) : Character.compare(a, b);
            }
        }
        return Integer.compare(left.length(), right.length());
    }

    static boolean contains(Object container, Object item) {
        return switch (container) {
            case String text -> {
                if (!(item instanceof String part)) {
                    throw new TemplateException("'in <string>' requires string as left operand, not " + typeName(item));
                }
                Budget.spendSearch(text, part);
                yield text.contains(part);
            }
            case Map<?, ?> map -> map.containsKey(key(item));
            default -> items(container).stream().anyMatch(candidate -> equal(candidate, item));
        };
    }

    /// What a loop over the value sees: characters of a text, keys of a map.
    static List<Object> items(Object value) {
        Budget.spend(sizeOf(value));
        return switch (value) {
            case List<?> list -> new ArrayList<>(list);
            case Lazy lazy -> lazy.items();
            case Map<?, ?> map -> new ArrayList<>(map.keySet());
            case String text ->
                text.codePoints()
                        .mapToObj(character -> (Object) Character.toString(character))
                        .toList();
            case Undefined _ -> List.of();
            default -> throw new TemplateException("'%s' object is not iterable".formatted(typeName(value)));
        };
    }

    private static long sizeOf(Object value) {
        return switch (value) {
            case String text -> text.length();
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case Lazy lazy -> lazy.items().size();
            default -> 1;
        };
    }

    /// Lists and maps are no keys: they could change, in Python.
    static boolean isKey(Object value) {
        Budget.spend(1);
        return value instanceof Tuple tuple
                ? tuple.stream().allMatch(Values::isKey)
                : !(value instanceof List) && !(value instanceof Map);
    }

    static Object key(Object value) {
        if (!isKey(value)) {
            throw new TemplateException("unhashable type: '%s'".formatted(typeName(value)));
        }
        return value;
    }

    static boolean isIterable(Object value) {
        return value instanceof List
                || value instanceof Map
                || value instanceof String
                || value instanceof Lazy
                || value instanceof Undefined;
    }

    static long length(Object value) {
        return switch (value) {
            case String text -> text.codePointCount(0, text.length());
            case Map<?, ?> map -> map.size();
            case List<?> list -> list.size();
            case Lazy lazy -> lazy.items().size();
            case Undefined _ -> 0;
            default -> throw new TemplateException("object of type '%s' has no len()".formatted(typeName(value)));
        };
    }

    static boolean isNumber(Object value) {
        return value instanceof Number || value instanceof Boolean;
    }

    static double number(Object value) {
        return switch (value) {
            case Boolean truth -> truth ? 1 : 0;
            case Number number -> number.doubleValue();
            default -> {
                failIfUndefined(value);
                throw new TemplateException("a number is needed, not '%s'".formatted(typeName(value)));
            }
        };
    }

    /// A whole number, as positions and widths must be.
    static int index(Object value) {
        return switch (value) {
            case Long number -> Math.clamp(number, Integer.MIN_VALUE, Integer.MAX_VALUE);
            case Boolean truth -> truth ? 1 : 0;
            default -> {
                failIfUndefined(value);
                throw new TemplateException("a whole number is needed, not '%s'".formatted(typeName(value)));
            }
        };
    }

    static void failIfUndefined(Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
    }

    /// Python's name of the value's type.
    static String typeName(Object value) {
        return switch (value) {
            case String _ -> "str";
            case Boolean _ -> "bool";
            case Double _ -> "float";
            case Number _ -> "int";
            case Tuple _ -> "tuple";
            case List<?> _ -> "list";
            case Map<?, ?> _ -> "dict";
            case None _ -> "NoneType";
            case Lazy _ -> "generator";
            case Undefined _ -> "Undefined";
            default -> value.getClass().getSimpleName();
        };
    }
}
