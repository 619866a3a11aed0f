package io.llmserve.wire;

import io.llmserve.core.SamplingParameters;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Reads a [ChatRequest].
final class ChatRequestReader {
    private final RequestReader reader;
    private final GenerationFieldsReader generation;
    private List<ChatMessage> messages = new ArrayList<>();
    private boolean messagesGiven;
    private boolean addGenerationPrompt = true;
    private boolean logprobs;
    private int topLogprobs = -1;

    ChatRequestReader(RequestReader reader) {
        this.reader = reader;
        this.generation = new GenerationFieldsReader(reader, 1);
    }

    ChatRequest read() throws IOException {
        reader.object(this::field);
        if (!messagesGiven) {
            throw ServeException.invalid("messages", "messages is required.");
        }
        if (topLogprobs > 0 && !logprobs) {
            throw ServeException.invalid(
                    "top_logprobs", "top_logprobs is %d, but logprobs is not true.".formatted(topLogprobs));
        }
        int alternatives = logprobs ? Math.max(0, topLogprobs) : -1;
        return new ChatRequest(messages, addGenerationPrompt, generation.finish(alternatives));
    }

    private void field(String name) throws IOException {
        switch (name) {
            case "messages" -> {
                messagesGiven = true;
                messages = new MessagesReader(reader).read();
            }
            case "logprobs" -> logprobs = reader.flag(false);
            case "top_logprobs" -> topLogprobs = topLogprobs();
            case "add_generation_prompt" -> addGenerationPrompt = reader.flag(true);
            default -> {
                if (!generation.claims(name)) {
                    UnsupportedFields.consume(reader, name);
                }
            }
        }
    }

    private int topLogprobs() throws IOException {
        return reader.integer(0, SamplingParameters.MAX_LOGPROBS, -1);
    }
}
