package io.llmserve.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where a long text can be cut so that the parts have the same tokens as the whole: behind a letter and before a
/// space with another letter, a line's end or a CJK punctuation mark. Every pre-tokenizer in use has a boundary
/// there whatever comes before and after; a vocabulary without a pre-tokenizer is cut only before a space, if it
/// has no piece across one. Bounds the native library's memory, about 200 bytes a token.
final class TextCuts {
    /// Characters that go to the native library in one call, where cuts can be found.
    static final int TARGET_CHARACTERS = 1 << 16;
    /// Text without such a place (one endless word) is cut here nevertheless; it still decodes to itself.
    static final int MAXIMUM_CHARACTERS = 1 << 18;

    private static final Set<String> LOCAL_NORMALIZERS = Set.of("Replace", "NFC", "NFD", "NFKC", "NFKD", "Lowercase");
    private static final String BREAKS = "\n，。！？、；：";
    private final boolean exact;
    private final boolean words;

    private TextCuts(boolean exact, boolean words) {
        this.exact = exact;
        this.words = words;
    }

    static TextCuts of(TokenizerDefinition definition) {
        boolean words = definition.pretokenizer() != null;
        boolean exact = isLocal(definition.normalizer())
                && definition.added().stream().noneMatch(TextCuts::reachesOver)
                && (words || !hasPieceOverSpace(definition.pieces()));
        return new TextCuts(exact, words);
    }

    /// The end of the part of `text` that opens at `from`.
    int end(String text, int from) {
        int length = text.length();
        if (length - from <= TARGET_CHARACTERS) {
            return length;
        }
        int limit = Math.min(length, from + MAXIMUM_CHARACTERS);
        for (int at = from + TARGET_CHARACTERS; exact && at < limit - 1; at++) {
            if (isLetter(text.charAt(at - 1)) && opensWord(text, at)) {
                return at;
            }
        }
        return limit < length && Character.isLowSurrogate(text.charAt(limit)) ? limit - 1 : limit;
    }

    private boolean opensWord(String text, int at) {
        char character = text.charAt(at);
        return character == ' ' ? isLetter(text.charAt(at + 1)) : words && BREAKS.indexOf(character) >= 0;
    }

    private static boolean isLocal(@Nullable JsonNode normalizer) {
        if (normalizer == null || normalizer.isNull()) {
            return true;
        }
        if (normalizer.path("type").asText().equals("Sequence")) {
            for (JsonNode part : normalizer.path("normalizers")) {
                if (!isLocal(part)) {
                    return false;
                }
            }
            return true;
        }
        return LOCAL_NORMALIZERS.contains(normalizer.path("type").asText());
    }

    private static boolean reachesOver(AddedToken token) {
        String content = token.content();
        return !token.special()
                && !content.isEmpty()
                && (content.chars().anyMatch(character -> character == ' ' || BREAKS.indexOf(character) >= 0)
                        || (token.takesSpaceBefore() && isLetter(content.charAt(0)))
                        || (token.takesSpaceAfter() && isLetter(content.charAt(content.length() - 1))));
    }

    private static boolean hasPieceOverSpace(@Nullable String[] pieces) {
        for (String piece : pieces) {
            int space = piece == null ? -1 : piece.lastIndexOf(SpacePrefix.SENTENCE_PIECE_SPACE);
            if (piece != null && space > 0 && isLetter(piece.charAt(space - 1))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isLetter(char character) {
        return Character.isLetter(character);
    }
}
