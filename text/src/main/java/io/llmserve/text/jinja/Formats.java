package io.llmserve.text.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `'...' % values`, and texts of a width.
final class Formats {
    private static final int MAXIMUM_WIDTH = 1_000;
    private static final Pattern PERCENT =
            Pattern.compile("%(?:\\((\\w+)\\))?([-+ 0#]*)(\\d{0,4})(?:\\.(\\d{0,3}))?(.)", Pattern.DOTALL);

    private Formats() {}

    /// @param values a tuple of several, a map of named ones, or a single one
    static String percent(String format, Object values) {
        Budget.spendText(format.length());
        List<?> list = values instanceof Tuple tuple ? tuple : List.of(values);
        StringBuilder out = new StringBuilder();
        Matcher matcher = PERCENT.matcher(format);
        int used = 0;
        int copied = 0;
        while (matcher.find()) {
            Budget.append(out, format.substring(copied, matcher.start()));
            copied = matcher.end();
            if (matcher.group(5).equals("%")) {
                out.append('%');
                continue;
            }
            boolean named = matcher.group(1) != null;
            if (!named && used == list.size()) {
                throw new TemplateException("not enough arguments for format string");
            }
            Budget.append(out, converted(matcher, named ? Access.element(values, matcher.group(1)) : list.get(used++)));
        }
        if (used < list.size() && values instanceof Tuple) {
            throw new TemplateException("not all arguments converted during string formatting");
        }
        Budget.append(out, format.substring(copied));
        return out.toString();
    }

    private static String converted(Matcher matcher, Object value) {
        String flags = matcher.group(2);
        String width = matcher.group(3);
        int precision =
                matcher.group(4) == null ? -1 : matcher.group(4).isEmpty() ? 0 : Integer.parseInt(matcher.group(4));
        String text = switch (matcher.group(5)) {
            case "s" -> cut(PythonText.string(value), precision);
            case "r" -> cut(PythonText.repr(value), precision);
            case "d", "i", "u" -> signed(Long.toString((long) Values.number(value)), flags);
            case "f", "F" -> signed(fixed(Values.number(value), precision < 0 ? 6 : precision), flags);
            case "x" -> signed(Long.toHexString((long) Values.number(value)), flags);
            default -> throw new TemplateException("unsupported format character '%s'".formatted(matcher.group(5)));
        };
        boolean zeros = flags.contains("0") && !flags.contains("-") && !"sr".contains(matcher.group(5));
        char align = flags.contains("-") ? '<' : zeros ? '=' : '>';
        return aligned(text, align, zeros ? "0" : " ", width.isEmpty() ? 0 : Integer.parseInt(width));
    }

    private static String signed(String number, String flags) {
        boolean positive = !number.startsWith("-");
        return positive && flags.contains("+") ? "+" + number : positive && flags.contains(" ") ? " " + number : number;
    }

    /// Decimals after the point, halves to even, as C's `printf` does.
    static String fixed(double number, int decimals) {
        return Double.isFinite(number)
                ? new BigDecimal(number)
                        .setScale(decimals, RoundingMode.HALF_EVEN)
                        .toPlainString()
                : PythonText.number(number);
    }

    private static String cut(String text, int precision) {
        return precision < 0 || text.codePointCount(0, text.length()) <= precision
                ? text
                : text.substring(0, text.offsetByCodePoints(0, precision));
    }

    /// `center`, `ljust`, `rjust` and `zfill`.
    static String justified(String text, String method, Arguments arguments) {
        int width = Values.index(arguments.require(0, "width"));
        String fill = method.equals("zfill") ? "0" : TextMethods.text(arguments.get(1, "fillchar", " "));
        if (fill.codePointCount(0, fill.length()) != 1) {
            throw new TemplateException("The fill character must be exactly one character long");
        }
        return switch (method) {
            case "ljust" -> aligned(text, '<', fill, width);
            case "rjust" -> aligned(text, '>', fill, width);
            case "zfill" -> aligned(text, '=', fill, width);
            default -> aligned(text, '^', fill, width);
        };
    }

    /// @param align `<`, `>`, `^`, or `=` for a fill between sign and digits
    static String aligned(String text, char align, String fill, int width) {
        int missing = checkedWidth(width) - text.codePointCount(0, text.length());
        if (missing <= 0) {
            return text;
        }
        return switch (align) {
            case '<' -> text + fill.repeat(missing);
            case '^' ->
                fill.repeat(missing / 2 + (missing & width & 1))
                        + text
                        + fill.repeat(missing - missing / 2 - (missing & width & 1));
            case '=' -> {
                boolean sign = text.startsWith("-") || text.startsWith("+");
                yield text.substring(0, sign ? 1 : 0) + fill.repeat(missing) + text.substring(sign ? 1 : 0);
            }
            default -> fill.repeat(missing) + text;
        };
    }

    static String spaces(int width) {
        return " ".repeat(Math.max(0, checkedWidth(width)));
    }

    private static int checkedWidth(int width) {
        if (width > MAXIMUM_WIDTH) {
            throw new TemplateException("a width of %d; at most %d are allowed".formatted(width, MAXIMUM_WIDTH));
        }
        return width;
    }
}
