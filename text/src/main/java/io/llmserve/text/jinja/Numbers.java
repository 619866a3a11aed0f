package io.llmserve.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Pattern;

/// Numbers of texts, and numbers with fewer digits.
final class Numbers {
    /// More digits than any number in a template has a use for; reading them takes the square of their count.
    private static final int MAXIMUM_DIGITS = 4_300;
    private static final Pattern DIGITS = Pattern.compile("[+-]?[0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*");
    private static final Pattern REAL = Pattern.compile("[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?");

    private Numbers() {}

    /// As a literal of a template: decimal, `0x`, `0o` or `0b`.
    static Object whole(String literal) {
        return parse(literal, 0);
    }

    /// The filter `int`; `standard` for what is no number.
    static Object whole(Object value, Object standard, int base) {
        try {
            return switch (value) {
                case Long _, BigInteger _ -> value;
                case String text -> {
                    String digits = PythonText.stripEnd(PythonText.stripStart(text));
                    yield DIGITS.matcher(digits).matches() && isOfBase(digits, base)
                            ? parse(digits, base)
                            : cut(parseReal(digits));
                }
                default -> cut(Values.number(value));
            };
        } catch (NumberFormatException | TemplateException e) {
            return standard;
        }
    }

    /// The filter `float`; `standard` for what is no number.
    static Object real(Object value, Object standard) {
        try {
            return value instanceof String text
                    ? parseReal(PythonText.stripEnd(PythonText.stripStart(text)))
                    : Values.number(value);
        } catch (NumberFormatException | TemplateException e) {
            return standard;
        }
    }

    /// The filter `round`.
    static Object rounded(Object value, int precision, String method) {
        double number = Values.number(value);
        if (!Double.isFinite(number) || precision > 300) {
            return value;
        }
        if (!method.equals("common")) {
            double scale = Math.pow(10, precision);
            return (method.equals("ceil") ? Math.ceil(number * scale) : Math.floor(number * scale)) / scale;
        }
        BigDecimal rounded = new BigDecimal(number).setScale(Math.max(precision, -400), RoundingMode.HALF_EVEN);
        return value instanceof Long
                ? (Object) rounded.longValue()
                : (Object) Math.copySign(rounded.doubleValue(), number);
    }

    private static boolean isOfBase(String digits, int base) {
        try {
            parse(digits, base);
            return true;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /// @param base 0 where a prefix tells it
    private static Object parse(String text, int base) {
        if (text.length() > MAXIMUM_DIGITS) {
            throw new TemplateException(
                    "a number has %d digits; at most %d are allowed".formatted(text.length(), MAXIMUM_DIGITS));
        }
        String digits = text.replace("_", "").toLowerCase(Locale.ROOT);
        boolean negative = digits.startsWith("-");
        String unsigned = negative || digits.startsWith("+") ? digits.substring(1) : digits;
        int named = unsigned.startsWith("0x") ? 16 : unsigned.startsWith("0o") ? 8 : unsigned.startsWith("0b") ? 2 : 0;
        boolean prefixed = named != 0 && (base == 0 || base == named);
        BigInteger number = new BigInteger(
                (negative ? "-" : "") + (prefixed ? unsigned.substring(2) : unsigned),
                prefixed ? named : base == 0 ? 10 : base);
        return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
    }

    private static double parseReal(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "inf", "+inf", "infinity", "+infinity" -> Double.POSITIVE_INFINITY;
            case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
            case "nan", "+nan", "-nan" -> Double.NaN;
            default -> {
                if (!REAL.matcher(text).matches()) {
                    throw new NumberFormatException("no number: " + text);
                }
                yield Double.parseDouble(text);
            }
        };
    }

    private static Object cut(double number) {
        if (!Double.isFinite(number)) {
            throw new TemplateException("cannot convert float %s to integer".formatted(PythonText.number(number)));
        }
        BigInteger whole = new BigDecimal(number).toBigInteger();
        return whole.bitLength() < Long.SIZE ? (Object) whole.longValue() : whole;
    }
}
