package io.llmserve.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// `json.dumps` of Python, which `tojson` is in chat templates: no HTML escapes, `", "` and `": "` between.
final class Json {
    private final boolean ascii;
    private final String itemSeparator;
    private final String keySeparator;
    /// What a level is indented by; null where all is on one line.
    private final @Nullable String indent;
    private final boolean sorted;
    private final StringBuilder out = new StringBuilder();

    private Json(Arguments options) {
        ascii = options.flag(0, "ensure_ascii", false);
        indent = switch (options.get(1, "indent", None.NONE)) {
            case None _ -> null;
            case String given -> given;
            case Object width -> Formats.spaces(Values.index(width));
        };
        Object separators = options.get(2, "separators", None.NONE);
        List<Object> given = separators == None.NONE ? List.of() : Values.items(separators);
        itemSeparator = given.isEmpty() ? (indent == null ? ", " : ",") : PythonText.string(given.get(0));
        keySeparator = given.size() < 2 ? ": " : PythonText.string(given.get(1));
        sorted = options.flag(3, "sort_keys", false);
    }

    static String write(Object value, Arguments options) {
        Json json = new Json(options);
        json.value(value, 0);
        return json.out.toString();
    }

    private void value(Object value, int level) {
        Budget.spend(1);
        switch (value) {
            case String text -> string(text);
            case None _ -> out.append("null");
            case Boolean truth -> out.append(truth);
            case Double number -> out.append(number(number));
            case Number number -> out.append(number);
            case List<?> list -> list(list, level);
            case Map<?, ?> map -> map(map, level);
            case Undefined _ -> throw new TemplateException("Object of type Undefined is not JSON serializable");
            default ->
                throw new TemplateException(
                        "Object of type %s is not JSON serializable".formatted(Values.typeName(value)));
        }
    }

    private static String number(double number) {
        return Double.isNaN(number)
                ? "NaN"
                : Double.isInfinite(number) ? (number > 0 ? "Infinity" : "-Infinity") : PythonText.number(number);
    }

    private void list(List<?> list, int level) {
        if (list.isEmpty()) {
            out.append("[]");
            return;
        }
        out.append('[');
        for (Iterator<?> items = list.iterator(); items.hasNext(); ) {
            newLine(level + 1);
            value(items.next(), level + 1);
            out.append(items.hasNext() ? itemSeparator : "");
        }
        newLine(level);
        out.append(']');
    }

    private void map(Map<?, ?> map, int level) {
        if (map.isEmpty()) {
            out.append("{}");
            return;
        }
        out.append('{');
        for (Iterator<Map.Entry<String, Object>> entries = entries(map).iterator(); entries.hasNext(); ) {
            Map.Entry<String, Object> entry = entries.next();
            newLine(level + 1);
            string(entry.getKey());
            out.append(keySeparator);
            value(entry.getValue(), level + 1);
            out.append(entries.hasNext() ? itemSeparator : "");
        }
        newLine(level);
        out.append('}');
    }

    private List<Map.Entry<String, Object>> entries(Map<?, ?> map) {
        List<Map.Entry<String, Object>> entries = new ArrayList<>();
        map.forEach((key, value) -> entries.add(Map.entry(key(key), value)));
        if (sorted) {
            TreeMap<String, Object> ordered = new TreeMap<>(Values::compareText);
            entries.forEach(entry -> ordered.put(entry.getKey(), entry.getValue()));
            return new ArrayList<>(ordered.entrySet());
        }
        return entries;
    }

    private static String key(Object key) {
        return switch (key) {
            case String text -> text;
            case Boolean truth -> truth.toString();
            case None _ -> "null";
            default -> PythonText.string(key);
        };
    }

    private void newLine(int level) {
        if (indent != null) {
            out.append('\n');
            for (int i = 0; i < level; i++) {
                Budget.append(out, indent);
            }
        }
    }

    private void string(String text) {
        Budget.spendText((long) out.length() + text.length() > Budget.MAXIMUM_TEXT ? Long.MAX_VALUE : text.length());
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            character(text.charAt(i));
        }
        out.append('"');
    }

    private void character(char character) {
        switch (character) {
            case '"' -> out.append("\\\"");
            case '\\' -> out.append("\\\\");
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case '\b' -> out.append("\\b");
            case '\f' -> out.append("\\f");
            default -> {
                boolean escapes = character < ' ' || (ascii && character > '~' && !PythonText.isMark(character));
                out.append(escapes ? "\\u%04x".formatted((int) character) : String.valueOf(character));
            }
        }
    }
}
