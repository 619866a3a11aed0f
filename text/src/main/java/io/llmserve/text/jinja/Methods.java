package io.llmserve.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Methods of Python's `str`, `list` and `dict`. Those that would change the object are refused, as in Jinja's
/// immutable sandbox.
final class Methods {
    private static final Set<String> CHANGING_LIST =
            Set.of("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse");
    private static final Set<String> CHANGING_MAP = Set.of("pop", "clear", "update", "setdefault", "popitem");

    private Methods() {}

    /// The method as a function; null where there is none of that name.
    static @Nullable Function bind(Object object, String name) {
        return switch (object) {
            case String text -> {
                Budget.spendText(text.length());
                yield ofText(text, name);
            }
            case Map<?, ?> map -> ofMap(map, name);
            case List<?> list -> ofList(list, name);
            default -> null;
        };
    }

    private static @Nullable Function ofMap(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> _ -> items(map);
            case "keys" -> _ -> new ArrayList<Object>(map.keySet());
            case "values" -> _ -> new ArrayList<Object>(map.values());
            case "copy" -> _ -> map;
            case "get" ->
                arguments -> {
                    Object value = map.get(Values.key(arguments.require(0, "key")));
                    return value == null ? arguments.get(1, "default", None.NONE) : value;
                };
            default -> changing(CHANGING_MAP, map, name);
        };
    }

    /// Pairs of key and value.
    static List<Object> items(Map<?, ?> map) {
        List<Object> pairs = new ArrayList<>(map.size());
        Budget.spend(map.size());
        map.forEach((key, value) -> pairs.add(Tuple.of(key, value)));
        return pairs;
    }

    private static @Nullable Function ofList(List<?> list, String name) {
        return switch (name) {
            case "index" ->
                arguments -> {
                    Object wanted = arguments.require(0, "value");
                    return IntStream.range(0, list.size())
                            .filter(i -> Values.equal(list.get(i), wanted))
                            .mapToObj(i -> (Object) (long) i)
                            .findFirst()
                            .orElseThrow(() -> new TemplateException(PythonText.repr(wanted) + " is not in list"));
                };
            case "count" ->
                arguments -> {
                    Object wanted = arguments.require(0, "value");
                    return list.stream()
                            .filter(item -> Values.equal(item, wanted))
                            .count();
                };
            case "copy" -> _ -> list;
            default -> changing(CHANGING_LIST, list, name);
        };
    }

    private static @Nullable Function changing(Set<String> methods, Object object, String name) {
        if (!methods.contains(name)) {
            return null;
        }
        return _ -> {
            throw new TemplateException(
                    "access to attribute '%s' of '%s' object is unsafe.".formatted(name, Values.typeName(object)));
        };
    }

    private static @Nullable Function ofText(String text, String name) {
        return switch (name) {
            case "strip" -> arguments -> TextMethods.strip(text, arguments, true, true);
            case "lstrip" -> arguments -> TextMethods.strip(text, arguments, true, false);
            case "rstrip" -> arguments -> TextMethods.strip(text, arguments, false, true);
            case "split" -> arguments -> TextMethods.split(text, arguments);
            case "rsplit" -> arguments -> TextMethods.splitFromEnd(text, arguments);
            case "splitlines" -> arguments -> TextMethods.lines(text, arguments.flag(0, "keepends", false));
            case "partition" -> arguments -> TextMethods.partition(text, arguments, true);
            case "rpartition" -> arguments -> TextMethods.partition(text, arguments, false);
            case "join" ->
                arguments -> TextMethods.joined(
                        text,
                        Values.items(arguments.require(0, "iterable")).stream()
                                .map(TextMethods::text)
                                .toList());
            case "startswith" -> arguments -> TextMethods.anyAffix(arguments, Range.of(text, arguments)::startsWith);
            case "endswith" -> arguments -> TextMethods.anyAffix(arguments, Range.of(text, arguments)::endsWith);
            case "removeprefix" -> arguments -> TextMethods.withoutPrefix(text, arguments);
            case "removesuffix" -> arguments -> TextMethods.withoutSuffix(text, arguments);
            case "replace" -> TextMethods.replacer(text);
            case "find" -> arguments -> Range.of(text, arguments).find(arguments);
            case "rfind" -> arguments -> Range.of(text, arguments).findLast(arguments);
            case "index" -> arguments -> Range.found(Range.of(text, arguments).find(arguments));
            case "rindex" -> arguments -> Range.found(Range.of(text, arguments).findLast(arguments));
            case "count" -> arguments -> TextMethods.count(text, TextMethods.text(arguments.require(0, "sub")));
            case "upper" -> _ -> text.toUpperCase(Locale.ROOT);
            case "lower" -> _ -> text.toLowerCase(Locale.ROOT);
            case "casefold" -> _ -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
            case "swapcase" -> _ -> TextMethods.swapped(text);
            case "title" -> _ -> TextMethods.title(text);
            case "center", "ljust", "rjust", "zfill" -> arguments -> Formats.justified(text, name, arguments);
            case "capitalize" -> _ -> TextMethods.capitalized(text);
            case "format" -> arguments -> BraceFormat.format(text, arguments);
            case "isspace" -> _ -> PythonText.isSpace(text);
            case "isdigit" -> _ -> TextMethods.all(text, c -> Character.isDigit(c) || "²³¹".indexOf(c) >= 0);
            case "isdecimal" -> _ -> TextMethods.all(text, Character::isDigit);
            case "isnumeric" -> _ -> TextMethods.all(text, TextMethods::isNumeric);
            case "isalpha" -> _ -> TextMethods.all(text, Character::isLetter);
            case "isalnum" -> _ -> TextMethods.all(text, Character::isLetterOrDigit);
            case "isupper" -> _ -> TextMethods.isUpper(text);
            case "islower" -> _ -> TextMethods.isLower(text);
            default -> null;
        };
    }
}
