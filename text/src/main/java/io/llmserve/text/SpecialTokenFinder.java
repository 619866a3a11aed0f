package io.llmserve.text;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Finds the spellings of special tokens in a text as HuggingFace does: the leftmost one first, and of those that
/// open at the same place the longest.
final class SpecialTokenFinder {
    private final List<AddedToken> tokens;
    private final CharTrie trie;
    /// The ends of special tokens, all that are not mere letters and digits.
    private final CharTrie ends;

    SpecialTokenFinder(List<AddedToken> special) {
        tokens = special.stream().filter(token -> !token.content().isEmpty()).toList();
        trie = new CharTrie(tokens.stream().map(AddedToken::content).toList());
        ends = new CharTrie(
                tokens.stream().flatMap(token -> ends(token.content())).toList());
    }

    /// Where `token` was found; `start` and `end` include the white space that belongs to it.
    record Match(AddedToken token, int start, int end) {}

    List<AddedToken> tokens() {
        return tokens;
    }

    Optional<Match> find(CharSequence text, int from) {
        for (int at = from; at < text.length(); at++) {
            AddedToken token = longestAt(text, at);
            if (token != null
                    && (!token.singleWord()
                            || standsAlone(text, at, at + token.content().length()))) {
                return Optional.of(widened(text, from, at, token));
            }
        }
        return Optional.empty();
    }

    /// Whether a special token opens at `at`, whole or as far as the text goes. A mere letter or digit at the
    /// text's end does not count: it would be found in every other word.
    boolean opensAt(CharSequence text, int at) {
        int node = trie.child(CharTrie.ROOT, text.charAt(at));
        for (int next = at + 1; node != CharTrie.NONE; next++) {
            if (trie.word(node) != CharTrie.NONE) {
                return true;
            }
            if (next == text.length()) {
                return !isWordOnly(text, at);
            }
            node = trie.child(node, text.charAt(next));
        }
        return false;
    }

    /// Whether the text begins with the end of a special token.
    boolean closesAtStart(CharSequence text) {
        int node = CharTrie.ROOT;
        for (int next = 0; next < text.length() && node != CharTrie.NONE; next++) {
            node = ends.child(node, text.charAt(next));
            if (node != CharTrie.NONE && ends.word(node) != CharTrie.NONE) {
                return true;
            }
        }
        return false;
    }

    private static boolean isWordOnly(CharSequence text, int from) {
        return text.chars().skip(from).allMatch(Character::isLetterOrDigit);
    }

    private static Stream<String> ends(String content) {
        return IntStream.range(1, content.length())
                .filter(from -> !isWordOnly(content, from))
                .mapToObj(content::substring);
    }

    private @Nullable AddedToken longestAt(CharSequence text, int at) {
        int node = trie.child(CharTrie.ROOT, text.charAt(at));
        int word = CharTrie.NONE;
        for (int next = at + 1; node != CharTrie.NONE; next++) {
            word = trie.word(node) == CharTrie.NONE ? word : trie.word(node);
            node = next < text.length() ? trie.child(node, text.charAt(next)) : CharTrie.NONE;
        }
        return word == CharTrie.NONE ? null : tokens.get(word);
    }

    private static Match widened(CharSequence text, int from, int at, AddedToken token) {
        int start = at;
        int end = at + token.content().length();
        while (token.takesSpaceBefore() && start > from && Character.isWhitespace(text.charAt(start - 1))) {
            start--;
        }
        while (token.takesSpaceAfter() && end < text.length() && Character.isWhitespace(text.charAt(end))) {
            end++;
        }
        return new Match(token, start, end);
    }

    private static boolean standsAlone(CharSequence text, int start, int end) {
        return (start == 0 || !isWord(text.charAt(start - 1))) && (end == text.length() || !isWord(text.charAt(end)));
    }

    private static boolean isWord(char character) {
        return Character.isLetterOrDigit(character) || character == '_';
    }
}
