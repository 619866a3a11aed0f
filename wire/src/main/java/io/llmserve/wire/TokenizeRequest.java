package io.llmserve.wire;

import io.llmserve.core.ServeException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The body of `POST /tokenize`.
///
/// @param returnTokenStrings the tokens' spelling in the vocabulary, too
public record TokenizeRequest(
        Optional<String> model, Input input, boolean addSpecialTokens, boolean returnTokenStrings) {

    /// A text as it is, or a conversation that goes through the chat template.
    public sealed interface Input {
        record Text(String text) implements Input {}

        record Conversation(List<ChatMessage> messages, boolean addGenerationPrompt) implements Input {
            public Conversation {
                messages = List.copyOf(messages);
            }
        }
    }

    /// Throws INVALID_REQUEST with the path of the first field that is wrong or cannot be honoured.
    public static TokenizeRequest parse(byte[] body) {
        return RequestReader.read(body, reader -> new Fields(reader).read());
    }

    private static final class Fields {
        private final RequestReader reader;
        private Optional<String> model = Optional.empty();
        private @Nullable String prompt;
        private @Nullable List<ChatMessage> messages;
        private @Nullable Boolean addSpecialTokens;
        private boolean addGenerationPrompt = true;
        private boolean returnTokenStrings;

        Fields(RequestReader reader) {
            this.reader = reader;
        }

        TokenizeRequest read() throws IOException {
            reader.object(this::field);
            if ((prompt == null) == (messages == null)) {
                throw ServeException.invalid("prompt", "Either prompt or messages is required, and not both.");
            }
            if (messages != null && Boolean.TRUE.equals(addSpecialTokens)) {
                throw ServeException.invalid(
                        "add_special_tokens", "add_special_tokens is not supported with messages; leave it out.");
            }
            Input input = prompt != null ? new Input.Text(prompt) : conversation();
            boolean special = addSpecialTokens == null ? prompt != null : addSpecialTokens;
            return new TokenizeRequest(model, input, special, returnTokenStrings);
        }

        private Input conversation() {
            return new Input.Conversation(messages == null ? List.of() : messages, addGenerationPrompt);
        }

        private void field(String name) throws IOException {
            if (reader.isNull()) {
                return;
            }
            switch (name) {
                case "model" -> model = Optional.of(reader.string());
                case "prompt" -> prompt = reader.string();
                case "messages" -> messages = new MessagesReader(reader).read();
                case "add_special_tokens" -> addSpecialTokens = reader.flag(true);
                case "add_generation_prompt" -> addGenerationPrompt = reader.flag(true);
                case "return_token_strs" -> returnTokenStrings = reader.flag(false);
                default -> UnsupportedFields.consume(reader, name);
            }
        }
    }
}
