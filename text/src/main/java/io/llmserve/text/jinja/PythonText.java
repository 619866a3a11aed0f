package io.llmserve.text.jinja;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Python's text of values: `str`, `repr` and what counts as white space.
final class PythonText {
    private PythonText() {}

    /// `str(value)`
    static String string(Object value) {
        return switch (value) {
            case String text -> text;
            case Undefined _ -> "";
            default -> repr(value);
        };
    }

    /// `repr(value)`
    static String repr(Object value) {
        Budget.spend(1);
        return switch (value) {
            case String text -> quoted(text);
            case Boolean truth -> truth ? "True" : "False";
            case Double number -> number(number);
            case Tuple tuple when tuple.size() == 1 -> "(" + repr(tuple.getFirst()) + ",)";
            case Tuple tuple -> tuple.stream().map(PythonText::repr).collect(Collectors.joining(", ", "(", ")"));
            case List<?> list -> list.stream().map(PythonText::repr).collect(Collectors.joining(", ", "[", "]"));
            case Lazy lazy -> repr(lazy.items());
            case Map<?, ?> map ->
                map.entrySet().stream()
                        .map(entry -> repr(entry.getKey()) + ": " + repr(entry.getValue()))
                        .collect(Collectors.joining(", ", "{", "}"));
            case Undefined _ -> "Undefined";
            case Namespace _ -> "<Namespace>";
            default -> value.toString();
        };
    }

    /// The shortest digits that give the number back, in Python's notation: an exponent below 1e-4 and from 1e16
    /// on.
    static String number(double number) {
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        if (number == 0) {
            return 1 / number < 0 ? "-0.0" : "0.0";
        }
        BigDecimal decimal = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        int exponent = decimal.precision() - decimal.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = decimal.toPlainString();
            return plain.indexOf('.') < 0 ? plain + ".0" : plain;
        }
        String digits = decimal.unscaledValue().abs().toString();
        String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
        return (number < 0 ? "-" : "") + digits.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+")
                + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }

    private static String quoted(String text) {
        Budget.spendText(text.length());
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder out = new StringBuilder(text.length() + 2).append(quote);
        text.codePoints().forEach(character -> {
            switch (character) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (character == quote) {
                        out.append('\\').append(quote);
                    } else if (isPrintable(character)) {
                        out.appendCodePoint(character);
                    } else {
                        out.append(escape(character));
                    }
                }
            }
        });
        return out.append(quote).toString();
    }

    private static String escape(int character) {
        return character < 0x100
                ? "\\x%02x".formatted(character)
                : character < 0x10000 ? "\\u%04x".formatted(character) : "\\U%08x".formatted(character);
    }

    /// Noncharacters U+FDD0 to U+FDEF count as printable, unlike in Python: they are the marks that keep special
    /// tokens apart from text, and must stay what they are.
    private static boolean isPrintable(int character) {
        if (isMark(character)) {
            return true;
        }
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> character == ' ';
            default -> true;
        };
    }

    static boolean isMark(int character) {
        return character >= 0xFDD0 && character <= 0xFDEF;
    }

    /// As `str.isspace` has it for one character.
    static boolean isSpace(char character) {
        return (character >= '\t' && character <= '\r')
                || (character >= 0x1C && character <= ' ')
                || character == 0x85
                || Character.isSpaceChar(character);
    }

    /// `str.isspace`: false for the empty text.
    static boolean isSpace(String text) {
        return !text.isEmpty() && text.chars().allMatch(character -> isSpace((char) character));
    }

    static String stripStart(String text) {
        int start = 0;
        while (start < text.length() && isSpace(text.charAt(start))) {
            start++;
        }
        return text.substring(start);
    }

    static String stripEnd(String text) {
        int end = text.length();
        while (end > 0 && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }
}
