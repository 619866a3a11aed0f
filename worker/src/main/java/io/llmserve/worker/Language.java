package io.llmserve.worker;

import io.llmserve.wire.ChatMessage;
import java.util.List;

/// The words of one model: text to token ids and back. Thread-safe.
public interface Language {
    /// Token ids of a prompt, in which a special token's spelling is that token.
    int[] encode(String text, boolean addSpecialTokens);

    /// Token ids of a conversation, in whose contents a special token's spelling is text. INVALID_REQUEST where
    /// the model has no chat template or the template refuses the conversation.
    int[] encode(List<ChatMessage> messages, boolean addGenerationPrompt);

    String decode(int[] tokenIds, boolean skipSpecialTokens);

    /// Decodes the tokens of one answer as they come.
    TokenText answer(boolean skipSpecialTokens);

    /// The bytes that this token adds to a text.
    byte[] bytes(int tokenId);

    /// The token as the vocabulary spells it.
    String spelling(int tokenId);

    /// One more than the highest token id.
    int vocabularySize();

    /// One stream of tokens on its way to text; for one thread.
    interface TokenText {
        /// The text that this token makes final: never half a character.
        String push(int tokenId);

        /// The rest.
        String finish();
    }
}
