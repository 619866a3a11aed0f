package io.llmserve.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/// What Python's `str` methods do.
final class TextMethods {
    private TextMethods() {}

    static String text(Object value) {
        if (value instanceof String text) {
            return text;
        }
        Values.failIfUndefined(value);
        throw new TemplateException("a text is needed, not '%s'".formatted(Values.typeName(value)));
    }

    /// Without the characters given, else without white space.
    static String strip(String text, Arguments arguments, boolean start, boolean end) {
        Object given = arguments.get(0, "chars", None.NONE);
        if (given == None.NONE) {
            String stripped = start ? PythonText.stripStart(text) : text;
            return end ? PythonText.stripEnd(stripped) : stripped;
        }
        String characters = text(given);
        int from = 0;
        int to = text.length();
        while (start && from < to && characters.indexOf(text.charAt(from)) >= 0) {
            from++;
        }
        while (end && to > from && characters.indexOf(text.charAt(to - 1)) >= 0) {
            to--;
        }
        return text.substring(from, to);
    }

    static List<Object> split(String text, Arguments arguments) {
        Object separator = arguments.get(0, "sep", None.NONE);
        int limit = arguments.number(1, "maxsplit", -1);
        return separator == None.NONE ? words(text, limit) : parts(text, separatorOf(separator), limit);
    }

    private static List<Object> parts(String text, String separator, int limit) {
        Budget.spendSearch(text, separator);
        List<Object> parts = new ArrayList<>();
        int from = 0;
        int at = text.indexOf(separator);
        while (at >= 0 && parts.size() != limit) {
            parts.add(text.substring(from, at));
            from = at + separator.length();
            at = text.indexOf(separator, from);
        }
        parts.add(text.substring(from));
        return parts;
    }

    private static List<Object> words(String text, int limit) {
        List<Object> words = new ArrayList<>();
        int at = afterSpace(text, 0);
        while (at < text.length()) {
            if (words.size() == limit) {
                words.add(PythonText.stripEnd(text.substring(at)));
                return words;
            }
            int end = at;
            while (end < text.length() && !PythonText.isSpace(text.charAt(end))) {
                end++;
            }
            words.add(text.substring(at, end));
            at = afterSpace(text, end);
        }
        return words;
    }

    private static int afterSpace(String text, int from) {
        int at = from;
        while (at < text.length() && PythonText.isSpace(text.charAt(at))) {
            at++;
        }
        return at;
    }

    static List<Object> splitFromEnd(String text, Arguments arguments) {
        Object given = arguments.get(0, "sep", None.NONE);
        int limit = arguments.number(1, "maxsplit", -1);
        if (given == None.NONE) {
            String mirrored = reversed(text);
            return words(mirrored, limit).reversed().stream()
                    .map(word -> (Object) reversed(text(word)))
                    .toList();
        }
        String separator = separatorOf(given);
        Budget.spendSearch(text, separator);
        List<Object> parts = new ArrayList<>();
        int end = text.length();
        int at = text.lastIndexOf(separator);
        while (at >= 0 && parts.size() != limit) {
            parts.add(text.substring(at + separator.length(), end));
            end = at;
            at = at >= separator.length() ? text.lastIndexOf(separator, at - separator.length()) : -1;
        }
        parts.add(text.substring(0, end));
        return new ArrayList<>(parts.reversed());
    }

    private static String reversed(String text) {
        return new StringBuilder(text).reverse().toString();
    }

    private static String separatorOf(Object value) {
        String separator = text(value);
        if (separator.isEmpty()) {
            throw new TemplateException("empty separator");
        }
        return separator;
    }

    /// @param keepsEnds whether a line has its end
    static List<Object> lines(String text, boolean keepsEnds) {
        List<Object> lines = new ArrayList<>();
        int from = 0;
        while (from < text.length()) {
            int end = from;
            while (end < text.length() && !isLineEnd(text.charAt(end))) {
                end++;
            }
            int next = text.startsWith("\r\n", end) ? end + 2 : Math.min(end + 1, text.length());
            lines.add(text.substring(from, keepsEnds ? next : end));
            from = next;
        }
        return lines;
    }

    private static boolean isLineEnd(char character) {
        return (character >= '\n' && character <= '\r')
                || (character >= 0x1C && character <= 0x1E)
                || character == 0x85
                || character == 0x2028
                || character == 0x2029;
    }

    /// @param first whether the first separator counts, or the last
    static Tuple partition(String text, Arguments arguments, boolean first) {
        String separator = separatorOf(arguments.require(0, "sep"));
        Budget.spendSearch(text, separator);
        int at = first ? text.indexOf(separator) : text.lastIndexOf(separator);
        if (at < 0) {
            return first ? Tuple.of(text, "", "") : Tuple.of("", "", text);
        }
        return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
    }

    /// Of one affix or any of several.
    static boolean anyAffix(Arguments arguments, Predicate<String> has) {
        Object given = arguments.require(0, "prefix");
        return given instanceof List<?> several
                ? several.stream().anyMatch(affix -> has.test(text(affix)))
                : has.test(text(given));
    }

    static String withoutPrefix(String text, Arguments arguments) {
        String prefix = text(arguments.require(0, "prefix"));
        return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
    }

    static String withoutSuffix(String text, Arguments arguments) {
        String suffix = text(arguments.require(0, "suffix"));
        return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
    }

    static Function replacer(String text) {
        return arguments -> replaced(
                text,
                text(arguments.require(0, "old")),
                text(arguments.require(1, "new")),
                arguments.number(2, "count", -1));
    }

    static String replaced(String text, String old, String replacement, int count) {
        Budget.spendSearch(text, old);
        StringBuilder out = new StringBuilder();
        int from = 0;
        for (int i = 0; count < 0 || i < count; i++) {
            int at = text.indexOf(old, from);
            if (at < 0 || (old.isEmpty() && at == text.length())) {
                break;
            }
            Budget.append(out, text.substring(from, at));
            Budget.append(out, replacement);
            from = at + old.length();
            if (old.isEmpty()) {
                int next = text.offsetByCodePoints(from, 1);
                out.append(text, from, next);
                from = next;
            }
        }
        boolean atEnd = old.isEmpty() && from == text.length() && count < 0;
        Budget.append(out, text.substring(from));
        Budget.append(out, atEnd ? replacement : "");
        return out.toString();
    }

    static String joined(String separator, List<String> texts) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < texts.size(); i++) {
            Budget.append(out, i > 0 ? separator : "");
            Budget.append(out, texts.get(i));
        }
        return out.toString();
    }

    static long count(String text, String part) {
        Budget.spendSearch(text, part);
        if (part.isEmpty()) {
            return text.codePointCount(0, text.length()) + 1L;
        }
        long count = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    static String capitalized(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.offsetByCodePoints(0, 1);
        return text.substring(0, first).toUpperCase(Locale.ROOT)
                + text.substring(first).toLowerCase(Locale.ROOT);
    }

    static String title(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean inWord = false;
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            out.append(inWord ? Character.toLowerCase(character) : Character.toTitleCase(character));
            inWord = Character.isLetter(character);
        }
        return out.toString();
    }

    static boolean all(String text, IntPredicate holds) {
        return !text.isEmpty() && text.codePoints().allMatch(holds);
    }

    /// The text has letters with a case, and all of them are small.
    static boolean isLower(String text) {
        Budget.spendText(text.length());
        String lower = text.toLowerCase(Locale.ROOT);
        return text.equals(lower) && !text.equals(text.toUpperCase(Locale.ROOT));
    }

    static boolean isUpper(String text) {
        Budget.spendText(text.length());
        String upper = text.toUpperCase(Locale.ROOT);
        return text.equals(upper) && !text.equals(text.toLowerCase(Locale.ROOT));
    }

    /// Digits, and letters and signs that stand for a number.
    static boolean isNumeric(int character) {
        int type = Character.getType(character);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER;
    }

    static String swapped(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(character -> {
            String one = Character.toString(character);
            String lower = one.toLowerCase(Locale.ROOT);
            out.append(one.equals(lower) ? one.toUpperCase(Locale.ROOT) : lower);
        });
        return out.toString();
    }
}
