package io.llmserve.text.jinja;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `'...' % values` and `'...'.format(values)`, as far as templates use them.
final class Formats {
    private static final Pattern PERCENT =
            Pattern.compile("%(?:\\((\\w+)\\))?(0?\\d{0,3})(?:\\.(\\d{1,2}))?(.)", Pattern.DOTALL);
    private static final Pattern BRACES = Pattern.compile("\\{\\{|}}|\\{([A-Za-z_]\\w*|\\d{0,3})}");

    private Formats() {}

    static String percent(String format, Object values) {
        List<Object> list = values instanceof List<?> items ? Values.items(items) : List.of(values);
        StringBuilder out = new StringBuilder();
        Matcher matcher = PERCENT.matcher(format);
        int used = 0;
        int copied = 0;
        while (matcher.find()) {
            out.append(format, copied, matcher.start());
            copied = matcher.end();
            if (matcher.group(4).equals("%")) {
                out.append('%');
                continue;
            }
            boolean named = matcher.group(1) != null;
            if (!named && used == list.size()) {
                throw new TemplateException("not enough arguments for format string");
            }
            Object value = named ? Access.element(values, matcher.group(1)) : list.get(used++);
            out.append(converted(matcher, value));
        }
        return out.append(format, copied, format.length()).toString();
    }

    private static String converted(Matcher matcher, Object value) {
        String width = matcher.group(2);
        String precision = matcher.group(3);
        String text = switch (matcher.group(4)) {
            case "s" -> PythonText.string(value);
            case "r" -> PythonText.repr(value);
            case "d", "i" -> Long.toString((long) Values.number(value));
            case "f" -> ("%." + (precision == null ? "6" : precision) + "f").formatted(Values.number(value));
            case "x" -> Long.toHexString((long) Values.number(value));
            default -> throw new TemplateException("unsupported format character '%s'".formatted(matcher.group(4)));
        };
        int missing = (width.isEmpty() ? 0 : Integer.parseInt(width)) - text.length();
        return (width.startsWith("0") ? "0" : " ").repeat(Math.max(0, missing)) + text;
    }

    static String braces(String format, Arguments arguments) {
        StringBuilder out = new StringBuilder();
        Matcher matcher = BRACES.matcher(format);
        int used = 0;
        int copied = 0;
        while (matcher.find()) {
            out.append(format, copied, matcher.start());
            copied = matcher.end();
            if (matcher.group(1) == null) {
                out.append(matcher.group().charAt(0));
            } else if (matcher.group(1).isEmpty()) {
                out.append(PythonText.string(at(arguments.positional(), used++)));
            } else {
                out.append(PythonText.string(field(matcher.group(1), arguments)));
            }
        }
        return out.append(format, copied, format.length()).toString();
    }

    private static Object field(String name, Arguments arguments) {
        Map<String, Object> named = arguments.named();
        return Character.isDigit(name.charAt(0))
                ? at(arguments.positional(), Integer.parseInt(name))
                : named.getOrDefault(name, Undefined.name(name));
    }

    private static Object at(List<Object> values, int position) {
        if (position >= values.size()) {
            throw new TemplateException(
                    "Replacement index %d out of range for positional args tuple".formatted(position));
        }
        return values.get(position);
    }
}
