package io.llmserve.text.jinja;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `'...{}...'.format(values)`: fields by position, number or name, with attributes, elements, `!r` and the usual
/// format specifications.
final class BraceFormat {
    private static final Pattern FIELD = Pattern.compile("\\{\\{|}}|\\{([^{}!:]*)(?:!([rs]))?(?::([^{}]*))?}|[{}]");
    private static final Pattern STEP = Pattern.compile("\\.(\\w+)|\\[([^\\]]+)]");
    private static final Pattern SPECIFICATION =
            Pattern.compile("(?:(.)?([<>^=]))?([-+ ]?)(0?)(\\d{0,4})(,?)(?:\\.(\\d{1,3}))?([sdfFx%]?)");

    private final Arguments arguments;
    private int used;

    private BraceFormat(Arguments arguments) {
        this.arguments = arguments;
    }

    static String format(String format, Arguments arguments) {
        return new BraceFormat(arguments).format(format);
    }

    private String format(String format) {
        StringBuilder out = new StringBuilder();
        Matcher matcher = FIELD.matcher(format);
        int copied = 0;
        while (matcher.find()) {
            Budget.append(out, format.substring(copied, matcher.start()));
            copied = matcher.end();
            Budget.append(out, matcher.group(1) == null ? brace(matcher.group()) : field(matcher));
        }
        Budget.append(out, format.substring(copied));
        return out.toString();
    }

    private static String brace(String found) {
        if (found.length() == 1) {
            throw new TemplateException("Single '%s' encountered in format string".formatted(found));
        }
        return found.substring(1);
    }

    private String field(Matcher matcher) {
        Object value = value(matcher.group(1));
        boolean quoted = "r".equals(matcher.group(2));
        String specification = matcher.group(3);
        return specification == null || specification.isEmpty()
                ? (quoted ? PythonText.repr(value) : PythonText.string(value))
                : specified(quoted ? PythonText.repr(value) : value, specification);
    }

    private Object value(String path) {
        Matcher step = STEP.matcher(path);
        int nameEnd = step.find() ? step.start() : path.length();
        Object value = named(path.substring(0, nameEnd));
        step.reset();
        for (int at = nameEnd; at < path.length(); at = step.end()) {
            if (!step.find(at) || step.start() != at) {
                throw new TemplateException("the field '%s' of a format cannot be read".formatted(path));
            }
            String key = step.group(2);
            value = key == null ? Access.attribute(value, step.group(1)) : Access.element(value, index(key));
        }
        Values.failIfUndefined(value);
        return value;
    }

    private static Object index(String key) {
        return key.matches("\\d{1,9}") ? (Object) Long.parseLong(key) : key;
    }

    private Object named(String name) {
        if (name.isEmpty() || name.matches("\\d{1,9}")) {
            int position = name.isEmpty() ? used++ : Integer.parseInt(name);
            if (position >= arguments.positional().size()) {
                throw new TemplateException(
                        "Replacement index %d out of range for positional args tuple".formatted(position));
            }
            return arguments.positional().get(position);
        }
        Object value = arguments.named().get(name);
        if (value == null) {
            throw new TemplateException("a format has no value for '%s'".formatted(name));
        }
        return value;
    }

    private static String specified(Object value, String specification) {
        Matcher parts = SPECIFICATION.matcher(specification);
        if (!parts.matches()) {
            throw new TemplateException("the format '%s' is not supported".formatted(specification));
        }
        boolean number = Values.isNumber(value) && !parts.group(8).equals("s");
        String text = number ? number(value, parts) : text(value, parts);
        boolean zeros = !parts.group(4).isEmpty();
        String fill = parts.group(1) != null ? parts.group(1) : zeros ? "0" : " ";
        char align = parts.group(2) != null ? parts.group(2).charAt(0) : zeros ? '=' : number ? '>' : '<';
        int width = parts.group(5).isEmpty() ? 0 : Integer.parseInt(parts.group(5));
        return Formats.aligned(text, align, fill, width);
    }

    private static String text(Object value, Matcher parts) {
        if (!parts.group(8).isEmpty() && !parts.group(8).equals("s")) {
            throw new TemplateException("Unknown format code '%s' for object of type '%s'"
                    .formatted(parts.group(8), Values.typeName(value)));
        }
        String text = PythonText.string(value);
        int limit = parts.group(7) == null ? Integer.MAX_VALUE : Integer.parseInt(parts.group(7));
        return text.codePointCount(0, text.length()) <= limit
                ? text
                : text.substring(0, text.offsetByCodePoints(0, limit));
    }

    private static String number(Object value, Matcher parts) {
        int decimals = parts.group(7) == null ? 6 : Integer.parseInt(parts.group(7));
        String digits = switch (parts.group(8)) {
            case "f", "F" -> Formats.fixed(Values.number(value), decimals);
            case "%" -> Formats.fixed(100 * Values.number(value), decimals) + "%";
            case "x" -> Long.toHexString(whole(value));
            case "d" -> Long.toString(whole(value));
            default -> {
                if (parts.group(7) != null) {
                    throw new TemplateException("the format '%s' is not supported".formatted(parts.group()));
                }
                yield PythonText.string(value);
            }
        };
        String grouped = parts.group(6).isEmpty() ? digits : grouped(digits);
        boolean signed = !parts.group(3).isEmpty() && !parts.group(3).equals("-") && !grouped.startsWith("-");
        return signed ? parts.group(3) + grouped : grouped;
    }

    private static long whole(Object value) {
        if (value instanceof Double) {
            throw new TemplateException("Unknown format code 'd' for object of type 'float'");
        }
        return (long) Values.number(value);
    }

    /// A comma between thousands.
    private static String grouped(String digits) {
        int point = digits.indexOf('.');
        int end = point < 0 ? digits.length() : point;
        return digits.substring(0, end).replaceAll("(?<=\\d)(?=(\\d{3})+$)", ",") + digits.substring(end);
    }
}
