package io.llmserve.worker;

import io.llmserve.core.ServeException;
import io.llmserve.wire.ChatMessage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/// One token per ASCII character, and one that ends a text.
class FakeLanguage implements Language {
    static final int EOS = 128;
    static final int SIZE = 129;

    static int[] ids(String text) {
        return text.chars()
                .map(unit -> unit == '$' ? EOS : unit < EOS ? unit : '?')
                .toArray();
    }

    @Override
    public int[] encode(String text, boolean addSpecialTokens) {
        return ids(text);
    }

    @Override
    public int[] encode(List<ChatMessage> messages, boolean addGenerationPrompt) {
        if (messages.getFirst().content().equals("refuse me")) {
            throw ServeException.invalid("messages", "The chat template refuses this conversation.");
        }
        String turns = messages.stream()
                .map(message -> message.role() + ":" + message.content() + "\n")
                .collect(Collectors.joining());
        return ids(turns + (addGenerationPrompt ? "assistant:" : ""));
    }

    @Override
    public String decode(int[] tokenIds, boolean skipSpecialTokens) {
        StringBuilder text = new StringBuilder();
        for (int id : tokenIds) {
            text.append(id == EOS ? skipSpecialTokens ? "" : "<eos>" : Character.toString(id));
        }
        return text.toString();
    }

    @Override
    public TokenText answer(boolean skipSpecialTokens) {
        return new TokenText() {
            @Override
            public String push(int tokenId) {
                return decode(new int[] {tokenId}, skipSpecialTokens);
            }

            @Override
            public String finish() {
                return "";
            }
        };
    }

    @Override
    public byte[] bytes(int tokenId) {
        return decode(new int[] {tokenId}, false).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String spelling(int tokenId) {
        return decode(new int[] {tokenId}, false);
    }

    @Override
    public int vocabularySize() {
        return SIZE;
    }
}
