package io.llmserve.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// How a piece of the vocabulary becomes bytes. The bytes of a text are those of its tokens one after the other,
/// but for white space that the tokenizer itself put at the front.
sealed interface Detokenization {
    byte[] bytes(String piece);

    /// White space at the front of a decoded text that was not in the text that was encoded.
    LeadingSpace leadingSpace();

    enum LeadingSpace {
        KEEP,
        /// One space, wherever it comes from (`Strip` of `tokenizer.json`).
        DROP_ONE,
        /// All spaces of the first token (`Metaspace` of `tokenizer.json`).
        DROP_OF_FIRST_TOKEN
    }

    /// GPT-2's alphabet: every byte has a printable character of its own.
    record ByteLevel() implements Detokenization {
        private static final int ALPHABET_END = 0x144;
        private static final short[] BYTE_OF = byteOfCharacter();

        /// A piece with a character outside of the alphabet is an added token and stands for itself.
        @Override
        public byte[] bytes(String piece) {
            byte[] bytes = new byte[piece.length()];
            for (int i = 0; i < bytes.length; i++) {
                char character = piece.charAt(i);
                if (character >= ALPHABET_END || BYTE_OF[character] < 0) {
                    return piece.getBytes(StandardCharsets.UTF_8);
                }
                bytes[i] = (byte) BYTE_OF[character];
            }
            return bytes;
        }

        @Override
        public LeadingSpace leadingSpace() {
            return LeadingSpace.KEEP;
        }

        /// As `bytes_to_unicode` of GPT-2: printable Latin-1 stands for itself, the rest is moved up from 0x100.
        private static short[] byteOfCharacter() {
            short[] table = new short[ALPHABET_END];
            Arrays.fill(table, (short) -1);
            int moved = 0x100;
            for (int value = 0; value < 0x100; value++) {
                boolean printable = (value >= '!' && value <= '~') || (value >= 0xA1 && value <= 0xFF && value != 0xAD);
                table[printable ? value : moved++] = (short) value;
            }
            return table;
        }
    }

    /// SentencePiece: `▁` is a space and, with byte fallback, `<0xHH>` one byte.
    record SentencePiece(LeadingSpace leadingSpace, boolean byteFallback) implements Detokenization {
        private static final int BYTE_PIECE_LENGTH = 6;

        @Override
        public byte[] bytes(String piece) {
            if (byteFallback && isByte(piece)) {
                return new byte[] {(byte) Integer.parseInt(piece, 3, 5, 16)};
            }
            return piece.replace(SpacePrefix.SENTENCE_PIECE_SPACE, ' ').getBytes(StandardCharsets.UTF_8);
        }

        private static boolean isByte(String piece) {
            return piece.length() == BYTE_PIECE_LENGTH
                    && piece.startsWith("<0x")
                    && piece.charAt(BYTE_PIECE_LENGTH - 1) == '>'
                    && Character.digit(piece.charAt(3), 16) >= 0
                    && Character.digit(piece.charAt(4), 16) >= 0;
        }
    }
}
