package io.llmserve.text.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// Jinja's filters on lists.
final class ListFilters {
    private ListFilters() {}

    static Object apply(String name, Object value, Arguments arguments) {
        return switch (name) {
            case "list" -> Values.items(value);
            case "first" -> first(Values.items(value));
            case "last" -> first(new ArrayList<>(Values.items(value)).reversed());
            case "join" -> joined(Values.items(value), arguments);
            case "map" -> mapped(itemsIfTrue(value), arguments);
            case "select" -> filtered(value, item -> selects(item, arguments));
            case "reject" -> filtered(value, item -> !selects(item, arguments));
            case "selectattr" -> filtered(value, item -> selectsAttribute(item, arguments));
            case "rejectattr" -> filtered(value, item -> !selectsAttribute(item, arguments));
            case "sort" -> sorted(Values.items(value), arguments);
            case "dictsort" -> sortedMap(value, arguments);
            case "unique" -> unique(Values.items(value), arguments);
            case "sum" -> sum(Values.items(value), arguments);
            case "max" -> extreme(Values.items(value), arguments, 1);
            case "min" -> extreme(Values.items(value), arguments, -1);
            default -> throw new TemplateException("there is no filter named '%s'".formatted(name));
        };
    }

    private static Object first(List<Object> items) {
        return items.isEmpty() ? new Undefined("No first item, sequence was empty.") : items.getFirst();
    }

    private static String joined(List<Object> items, Arguments arguments) {
        Object attribute = arguments.get(1, "attribute", None.NONE);
        return TextMethods.joined(
                arguments.text(0, "d", ""),
                items.stream()
                        .map(item -> PythonText.string(attribute == None.NONE ? item : path(item, attribute)))
                        .toList());
    }

    private static Lazy mapped(List<Object> items, Arguments arguments) {
        Object attribute = arguments.named().get("attribute");
        if (attribute != null) {
            Object standard = arguments.get(0, "default", None.NONE);
            return new Lazy(items.stream()
                    .map(item -> path(item, attribute))
                    .map(item -> item instanceof Undefined && standard != None.NONE ? standard : item)
                    .toList());
        }
        String filter = TextMethods.text(arguments.require(0, "name"));
        return new Lazy(items.stream()
                .map(item -> Filters.apply(filter, item, arguments.from(1)))
                .toList());
    }

    private static Lazy filtered(Object value, Predicate<Object> keeps) {
        return new Lazy(itemsIfTrue(value).stream().filter(keeps).toList());
    }

    /// These filters take anything false for an empty list, `none` too.
    private static List<Object> itemsIfTrue(Object value) {
        return Values.truth(value) ? Values.items(value) : List.of();
    }

    private static boolean selects(Object item, Arguments arguments) {
        return arguments.positional().isEmpty()
                ? Values.truth(item)
                : Predicates.test(TextMethods.text(arguments.require(0, "name")), item, arguments.from(1));
    }

    private static boolean selectsAttribute(Object item, Arguments arguments) {
        return selects(path(item, arguments.require(0, "attribute")), arguments.from(1));
    }

    /// `a.b.0`, as `attribute=` takes it.
    private static Object path(Object item, Object path) {
        if (path instanceof Long) {
            return Access.element(item, path);
        }
        Object value = item;
        for (String step : TextMethods.text(path).split("\\.", -1)) {
            boolean digits =
                    !step.isEmpty() && step.length() < 10 && step.chars().allMatch(Character::isDigit);
            value = Access.element(value, digits ? (Object) Long.parseLong(step) : step);
        }
        return value;
    }

    private static Comparator<Object> order(boolean caseSensitive) {
        return (left, right) -> Values.compare("<", folded(left, caseSensitive), folded(right, caseSensitive));
    }

    private static Object folded(Object value, boolean caseSensitive) {
        return value instanceof String text && !caseSensitive ? text.toLowerCase(Locale.ROOT) : value;
    }

    private static List<Object> sorted(List<Object> items, Arguments arguments) {
        Object attribute = arguments.get(2, "attribute", None.NONE);
        Comparator<Object> order = order(arguments.flag(1, "case_sensitive", false));
        Comparator<Object> byKey =
                attribute == None.NONE ? order : (left, right) -> byPaths(order, left, right, attribute);
        List<Object> sorted = new ArrayList<>(items);
        sorted.sort(arguments.flag(0, "reverse", false) ? byKey.reversed() : byKey);
        return sorted;
    }

    /// `attribute='a,b'` orders by the first, then by the second.
    private static int byPaths(Comparator<Object> order, Object left, Object right, Object attributes) {
        List<?> paths = attributes instanceof String names ? List.of(names.split(",", -1)) : List.of(attributes);
        return paths.stream()
                .mapToInt(path -> order.compare(path(left, path), path(right, path)))
                .filter(difference -> difference != 0)
                .findFirst()
                .orElse(0);
    }

    private static List<Object> sortedMap(Object value, Arguments arguments) {
        if (!(value instanceof Map<?, ?> map)) {
            throw new TemplateException("dictsort needs a mapping, not '%s'".formatted(Values.typeName(value)));
        }
        int part = arguments.text(1, "by", "key").equals("value") ? 1 : 0;
        Comparator<Object> order = order(arguments.flag(0, "case_sensitive", false));
        Comparator<Object> byPart = (left, right) ->
                order.compare(Values.items(left).get(part), Values.items(right).get(part));
        List<Object> pairs = new ArrayList<>(Methods.items(map));
        pairs.sort(arguments.flag(2, "reverse", false) ? byPart.reversed() : byPart);
        return pairs;
    }

    private static Lazy unique(List<Object> items, Arguments arguments) {
        boolean caseSensitive = arguments.flag(0, "case_sensitive", false);
        Set<Object> seen = new HashSet<>();
        List<Object> unique = new ArrayList<>();
        for (Object item : items) {
            Object key = Values.key(folded(item, caseSensitive));
            if (seen.add(Values.isNumber(key) ? (Object) Values.number(key) : key)) {
                unique.add(item);
            }
        }
        return new Lazy(unique);
    }

    private static Object sum(List<Object> items, Arguments arguments) {
        Object attribute = arguments.get(0, "attribute", None.NONE);
        Object sum = arguments.get(1, "start", 0L);
        for (Object item : items) {
            Budget.spend(1);
            sum = Operators.apply("+", sum, attribute == None.NONE ? item : path(item, attribute));
        }
        return sum;
    }

    private static Object extreme(List<Object> items, Arguments arguments, int sign) {
        Comparator<Object> order = order(arguments.flag(0, "case_sensitive", false));
        Object best = null;
        for (Object item : items) {
            if (best == null || sign * order.compare(item, best) > 0) {
                best = item;
            }
        }
        return best == null ? new Undefined("No aggregated item, sequence was empty.") : best;
    }
}
