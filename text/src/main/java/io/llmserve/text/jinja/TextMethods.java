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
        String rest = PythonText.stripStart(text);
        while (!rest.isEmpty()) {
            int end = 0;
            while (end < rest.length() && !PythonText.isSpace(rest.charAt(end))) {
                end++;
            }
            if (words.size() == limit) {
                words.add(PythonText.stripEnd(rest));
                return words;
            }
            words.add(rest.substring(0, end));
            rest = PythonText.stripStart(rest.substring(end));
        }
        return words;
    }

    static List<Object> splitFromEnd(String text, Arguments arguments) {
        String separator = separatorOf(arguments.require(0, "sep"));
        int limit = arguments.number(1, "maxsplit", -1);
        List<Object> parts = new ArrayList<>();
        int end = text.length();
        int at = text.lastIndexOf(separator);
        while (at >= 0 && parts.size() != limit) {
            parts.addFirst(text.substring(at + separator.length(), end));
            end = at;
            at = at >= separator.length() ? text.lastIndexOf(separator, at - separator.length()) : -1;
        }
        parts.addFirst(text.substring(0, end));
        return parts;
    }

    private static String separatorOf(Object value) {
        String separator = text(value);
        if (separator.isEmpty()) {
            throw new TemplateException("empty separator");
        }
        return separator;
    }

    static List<Object> lines(String text) {
        return text.lines().map(line -> (Object) line).toList();
    }

    static List<Object> partition(String text, Arguments arguments) {
        String separator = separatorOf(arguments.require(0, "sep"));
        int at = text.indexOf(separator);
        return at < 0
                ? List.of(text, "", "")
                : List.of(text.substring(0, at), separator, text.substring(at + separator.length()));
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
        if (count < 0) {
            return text.replace(old, replacement);
        }
        StringBuilder out = new StringBuilder();
        int from = 0;
        for (int i = 0; i < count; i++) {
            int at = text.indexOf(old, from);
            if (at < 0 || (old.isEmpty() && at == text.length())) {
                break;
            }
            out.append(text, from, at).append(replacement);
            from = at + old.length();
            if (old.isEmpty()) {
                out.append(text.charAt(from++));
            }
        }
        return out.append(text.substring(from)).toString();
    }

    /// Positions are counted in code points.
    static long position(String text, int at) {
        return at < 0 ? -1 : text.codePointCount(0, at);
    }

    static long count(String text, String part) {
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

    /// The text has letters with a case, all of them in this one.
    static boolean isCase(String text, String inCase, String inOther) {
        return text.equals(inCase) && !text.equals(inOther);
    }
}
