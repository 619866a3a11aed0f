package io.llmserve.wire;

import java.util.List;

/// The body of `POST /v1/chat/completions`.
///
/// @param addGenerationPrompt open the assistant's turn after the last message
public record ChatRequest(List<ChatMessage> messages, boolean addGenerationPrompt, GenerationFields generation) {
    public ChatRequest {
        messages = List.copyOf(messages);
    }

    /// Throws INVALID_REQUEST with the path of the first field that is wrong or cannot be honoured.
    public static ChatRequest parse(byte[] body) {
        return RequestReader.read(body, reader -> new ChatRequestReader(reader).read());
    }
}
