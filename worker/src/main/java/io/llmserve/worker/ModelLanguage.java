package io.llmserve.worker;

import io.llmserve.core.Clock;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelDescription;
import io.llmserve.text.ChatTemplate;
import io.llmserve.text.IncrementalDecoder;
import io.llmserve.text.Specials;
import io.llmserve.text.Tokenizer;
import io.llmserve.wire.ChatMessage;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A model's own tokenizer and chat template.
public record ModelLanguage(Tokenizer tokenizer, Optional<ChatTemplate> template) implements Language {
    /// @param clock for templates that write the date
    public static ModelLanguage of(ModelDescription description, Tokenizer tokenizer, Clock clock) {
        return new ModelLanguage(
                tokenizer, description.chatTemplate().map(source -> ChatTemplate.of(source, tokenizer, clock)));
    }

    @Override
    public int[] encode(String text, boolean addSpecialTokens) {
        return tokenizer.encode(text, Specials.PARSE, addSpecialTokens);
    }

    @Override
    public int[] encode(List<ChatMessage> messages, boolean addGenerationPrompt) {
        ChatTemplate own = template.orElseThrow(() ->
                ServeException.invalid("messages", "This model has no chat template; use /v1/completions instead."));
        List<Map<String, String>> turns = messages.stream()
                .map(message -> Map.of("role", message.role(), "content", message.content()))
                .toList();
        return own.encode(new ChatTemplate.Conversation(turns, null, addGenerationPrompt, Map.of()));
    }

    @Override
    public String decode(int[] tokenIds, boolean skipSpecialTokens) {
        return tokenizer.decode(tokenIds, skipSpecialTokens);
    }

    @Override
    public TokenText answer(boolean skipSpecialTokens) {
        IncrementalDecoder decoder = tokenizer.decoder(skipSpecialTokens, true);
        return new TokenText() {
            @Override
            public String push(int tokenId) {
                return decoder.push(tokenId);
            }

            @Override
            public String finish() {
                return decoder.finish();
            }
        };
    }

    @Override
    public byte[] bytes(int tokenId) {
        return tokenizer.bytes(tokenId);
    }

    @Override
    public String spelling(int tokenId) {
        return tokenizer.tokenString(tokenId);
    }

    @Override
    public int vocabularySize() {
        return tokenizer.vocabularySize();
    }
}
