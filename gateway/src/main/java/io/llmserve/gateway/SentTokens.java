package io.llmserve.gateway;

import java.util.Arrays;

/// The tokens of a stream that have come, and how much of their text: an engine tells tokens before their text where a
/// character is still incomplete, or a stop string might begin. Owned by one event loop.
final class SentTokens {
    private static final int UNKNOWN = -1;

    private int[] ids = new int[64];
    /// Characters that were told with each token and those before it; UNKNOWN where it need not have been all of them.
    private int[] told = new int[64];

    private int count;
    private int characters;

    /// Text that comes with one token is all that there is, but for what is held back on purpose.
    ///
    /// @param alone no other tokens came with them
    void add(int[] more, int moreCharacters, boolean alone) {
        if (count + more.length > ids.length) {
            int room = Math.max(ids.length * 2, count + more.length);
            ids = Arrays.copyOf(ids, room);
            told = Arrays.copyOf(told, room);
        }
        characters += moreCharacters;
        System.arraycopy(more, 0, ids, count, more.length);
        Arrays.fill(told, count, count + more.length, UNKNOWN);
        count += more.length;
        if (alone && more.length == 1 && moreCharacters > 0) {
            told[count - 1] = characters;
        }
    }

    /// Their writer may have held back other text than [#goOn] is told.
    void forgetText() {
        Arrays.fill(told, 0, count, UNKNOWN);
    }

    int count() {
        return count;
    }

    int[] ids() {
        return Arrays.copyOf(ids, count);
    }

    /// The most of these tokens, fewer than `limit`, behind which generation may go on elsewhere with no character
    /// lost:
    /// the client has all their text, and no stop string can have begun in it.
    ///
    /// @param heldBack characters that the engine had already and did not tell
    /// @param seam the longest part of a stop string that may have come already
    Point goOn(int heldBack, int seam, int limit) {
        for (int tokens = Math.min(count, limit - 1); tokens > 0; tokens--) {
            int chars = told[tokens - 1];
            if (chars != UNKNOWN && chars + seam <= characters) {
                return point(tokens, characters - chars - heldBack);
            }
        }
        return point(0, characters); // all of them are generated again
    }

    /// Where nothing but the tokens counts.
    Point withoutText() {
        return point(count, 0);
    }

    private Point point(int tokens, int charactersAhead) {
        return new Point(
                Arrays.copyOf(ids, tokens), Arrays.copyOfRange(ids, tokens, count), Math.max(0, charactersAhead));
    }

    /// Between two tokens.
    ///
    /// @param before it
    /// @param behind it, known all the same
    /// @param charactersAhead that the client has, of what follows
    record Point(int[] before, int[] behind, int charactersAhead) {
        boolean isAtTheEnd() {
            return behind.length == 0 && charactersAhead == 0;
        }
    }
}
