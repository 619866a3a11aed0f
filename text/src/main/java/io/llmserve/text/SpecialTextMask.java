package io.llmserve.text;

import io.llmserve.core.ServeException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Keeps the spelling of special tokens in users' strings from becoming special tokens after a template has woven
/// them into its own text: a character that occurs nowhere else is put behind the first character of each such
/// spelling, and taken out again once the special tokens have been found. Also marked: a string that ends in the
/// beginning of a special token or begins with the end of one, so that no spelling comes together across two
/// strings.
final class SpecialTextMask {
    /// No mark: U+FFFF is in no text that could be told from one without it.
    static final char NO_MARK = '\uFFFF';

    private static final char FIRST_CANDIDATE = '\uFDD0';
    private static final char LAST_CANDIDATE = '\uFDEF';
    private final SpecialTokenFinder finder;
    private final char mark;

    /// @param values the strings, lists and maps that a user sends
    SpecialTextMask(SpecialTokenFinder finder, List<?> values) {
        this.finder = finder;
        this.mark = unused(values);
    }

    char mark() {
        return mark;
    }

    /// A copy of `value` with every string in it marked; keys of maps are marked too.
    @Nullable
    Object marked(@Nullable Object value) {
        return switch (value) {
            case String text -> marked(text);
            case List<?> list -> list.stream().map(this::marked).toList();
            case Map<?, ?> map -> {
                Map<Object, @Nullable Object> copy = new LinkedHashMap<>();
                map.forEach((key, entry) -> copy.put(marked(String.valueOf(key)), marked(entry)));
                yield copy;
            }
            case null -> null;
            default -> value;
        };
    }

    String marked(String text) {
        StringBuilder out = null;
        int copied = 0;
        for (int at = 0; at < text.length(); at++) {
            if (finder.opensAt(text, at)) {
                out = out == null ? new StringBuilder(text.length() + 8) : out;
                out.append(text, copied, at + 1).append(mark);
                copied = at + 1;
            }
        }
        String result =
                out == null ? text : out.append(text, copied, text.length()).toString();
        return finder.closesAtStart(text) ? mark + result : result;
    }

    static String without(char mark, String text) {
        return mark == NO_MARK || text.indexOf(mark) < 0 ? text : text.replace(String.valueOf(mark), "");
    }

    private static char unused(List<?> values) {
        for (char candidate = FIRST_CANDIDATE; candidate <= LAST_CANDIDATE; candidate++) {
            if (!contains(values, candidate)) {
                return candidate;
            }
        }
        throw ServeException.invalid(
                "messages",
                "The messages contain all of the noncharacters U+FDD0 to U+FDEF; at most 31 of them may be used.");
    }

    private static boolean contains(@Nullable Object value, char character) {
        return switch (value) {
            case String text -> text.indexOf(character) >= 0;
            case List<?> list -> list.stream().anyMatch(entry -> contains(entry, character));
            case Map<?, ?> map ->
                contains(List.copyOf(map.keySet()), character)
                        || map.values().stream().anyMatch(entry -> contains(entry, character));
            case null -> false;
            default -> false;
        };
    }
}
