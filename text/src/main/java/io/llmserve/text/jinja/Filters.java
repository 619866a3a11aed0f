package io.llmserve.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// Jinja's filters on single values; [ListFilters] has those on lists.
final class Filters {
    static final Set<String> NAMES = Set.of(
            "abs",
            "attr",
            "capitalize",
            "count",
            "d",
            "default",
            "dictsort",
            "e",
            "escape",
            "first",
            "float",
            "format",
            "indent",
            "int",
            "items",
            "join",
            "last",
            "length",
            "list",
            "lower",
            "map",
            "max",
            "min",
            "reject",
            "rejectattr",
            "replace",
            "reverse",
            "round",
            "safe",
            "select",
            "selectattr",
            "sort",
            "string",
            "sum",
            "title",
            "tojson",
            "trim",
            "unique",
            "upper",
            "wordcount");

    private Filters() {}

    static Object apply(String name, Object value, Arguments arguments) {
        Budget.spendOn(value);
        return switch (name) {
            case "abs" -> Values.number(value) < 0 ? Operators.negated(value) : value;
            case "attr" -> attribute(value, TextMethods.text(arguments.require(0, "name")));
            case "capitalize" -> TextMethods.capitalized(text(value));
            case "default", "d" -> standard(value, arguments);
            case "escape", "e" -> escaped(text(value));
            case "float" -> Numbers.real(value, arguments.get(0, "default", 0.0));
            case "format" ->
                Formats.percent(
                        text(value),
                        arguments.named().isEmpty() ? Tuple.copyOf(arguments.positional()) : arguments.named());
            case "indent" -> indented(text(value), arguments);
            case "int" -> Numbers.whole(value, arguments.get(0, "default", 0L), arguments.number(1, "base", 10));
            case "length", "count" -> Values.length(value);
            case "lower" -> text(value).toLowerCase(Locale.ROOT);
            case "replace" ->
                TextMethods.replaced(
                        text(value),
                        text(arguments.require(0, "old")),
                        text(arguments.require(1, "new")),
                        arguments.number(2, "count", -1));
            case "round" ->
                Numbers.rounded(value, arguments.number(0, "precision", 0), arguments.text(1, "method", "common"));
            case "safe" -> value;
            case "string" -> text(value);
            case "title" -> jinjaTitle(text(value));
            case "tojson" -> Json.write(value, arguments);
            case "trim" -> TextMethods.strip(text(value), arguments, true, true);
            case "upper" -> text(value).toUpperCase(Locale.ROOT);
            case "wordcount" ->
                (long) TextMethods.split(text(value), Arguments.NONE).size();
            case "items" -> new Lazy(pairs(value));
            case "reverse" -> reversed(value);
            default -> ListFilters.apply(name, value, arguments);
        };
    }

    private static String text(Object value) {
        return PythonText.string(value);
    }

    /// Of the object itself: elements of a map are none.
    private static Object attribute(Object value, String name) {
        Object found = Access.find(value, name);
        return found == null ? Undefined.attribute(value, name) : found;
    }

    private static Object standard(Object value, Arguments arguments) {
        boolean missing = value instanceof Undefined || (arguments.flag(1, "boolean", false) && !Values.truth(value));
        return missing ? arguments.get(0, "default_value", "") : value;
    }

    private static List<Object> pairs(Object value) {
        return switch (value) {
            case Undefined _ -> List.of();
            case Map<?, ?> map -> Methods.items(map);
            default -> throw new TemplateException("Can only get item pairs from a mapping.");
        };
    }

    private static Object reversed(Object value) {
        List<Object> items = new ArrayList<>(Values.items(value)).reversed();
        return value instanceof String
                ? String.join("", items.stream().map(PythonText::string).toList())
                : new Lazy(items);
    }

    private static String escaped(String text) {
        Budget.spendText(6L * text.length());
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;");
    }

    /// Every line but the first, and no blank ones, unless asked.
    private static String indented(String text, Arguments arguments) {
        Object width = arguments.get(0, "width", 4L);
        String margin = width instanceof String given ? given : Formats.spaces(Values.index(width));
        boolean first = arguments.flag(1, "first", false);
        boolean blank = arguments.flag(2, "blank", false);
        StringBuilder out = new StringBuilder();
        String[] lines = text.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            boolean indents = i == 0 ? first : blank || !lines[i].isEmpty();
            Budget.append(out, i > 0 ? "\n" : "");
            Budget.append(out, indents ? margin : "");
            Budget.append(out, lines[i]);
        }
        return out.toString();
    }

    /// Words begin after white space and after `-({[<`, unlike in `str.title`.
    private static String jinjaTitle(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean opens = true;
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            out.append(opens ? Character.toUpperCase(character) : Character.toLowerCase(character));
            opens = PythonText.isSpace(character) || "-({[<".indexOf(character) >= 0;
        }
        return out.toString();
    }
}
