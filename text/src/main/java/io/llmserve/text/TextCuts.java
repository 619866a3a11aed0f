package io.llmserve.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where a long text can be cut so that the parts have the same tokens as the whole: before a space between two ASCII
/// letters. Every pre-tokenizer in use has a boundary there whatever comes before and after, and a vocabulary without
/// one
/// has no piece across it (checked). Bounds the native library's memory, about 200 bytes a token.
final class TextCuts {
    /// Characters that go to the native library in one call, where cuts can be found.
    static final int TARGET_CHARACTERS = 1 << 16;
    /// Text without such a place (one endless word) is cut here nevertheless; it still decodes to itself.
    static final int MAXIMUM_CHARACTERS = 1 << 20;

    private static final Set<String> LOCAL_NORMALIZERS = Set.of("Replace", "NFC", "NFD", "NFKC", "NFKD", "Lowercase");
    private final boolean exact;

    private TextCuts(boolean exact) {
        this.exact = exact;
    }

    static TextCuts of(TokenizerDefinition definition) {
        return new TextCuts(isLocal(definition.normalizer())
                && definition.added().stream().noneMatch(TextCuts::reachesOver)
                && (definition.pretokenizer() != null || !hasPieceOverSpace(definition.pieces())));
    }

    /// The end of the part of `text` that opens at `from`.
    int end(String text, int from) {
        int length = text.length();
        if (length - from <= TARGET_CHARACTERS) {
            return length;
        }
        int limit = Math.min(length, from + MAXIMUM_CHARACTERS);
        for (int at = from + TARGET_CHARACTERS; exact && at < limit - 1; at++) {
            if (text.charAt(at) == ' ' && isLetter(text.charAt(at - 1)) && isLetter(text.charAt(at + 1))) {
                return at;
            }
        }
        return limit < length && Character.isLowSurrogate(text.charAt(limit)) ? limit - 1 : limit;
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
                && (content.contains(" ")
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
        return character < 0x80 && Character.isLetter(character);
    }
}
