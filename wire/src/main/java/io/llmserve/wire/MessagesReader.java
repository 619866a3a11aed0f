package io.llmserve.wire;

import io.llmserve.core.ServeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Reads `messages`.
final class MessagesReader {
    private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant");

    private final RequestReader reader;
    private final List<ChatMessage> messages = new ArrayList<>();
    private String role = "";
    private String content = "";
    private boolean contentGiven;

    MessagesReader(RequestReader reader) {
        this.reader = reader;
    }

    List<ChatMessage> read() throws IOException {
        reader.list(this::message);
        if (messages.isEmpty()) {
            throw ServeException.invalid("messages", "messages must have at least one message, got 0.");
        }
        return messages;
    }

    private void message() throws IOException {
        role = "";
        content = "";
        contentGiven = false;
        String path = reader.path();
        reader.object(this::field);
        if (role.isEmpty()) {
            throw ServeException.invalid(path + ".role", path + ".role is required.");
        }
        if (!contentGiven && !role.equals("assistant")) {
            throw ServeException.invalid(path + ".content", path + ".content is required.");
        }
        messages.add(new ChatMessage(role, content));
    }

    private void field(String name) throws IOException {
        switch (name) {
            case "role" -> role();
            case "content" -> content();
            case "tool_calls", "function_call", "audio", "tool_call_id" -> refuseUnlessEmpty();
            default -> reader.skip();
        }
    }

    private void role() throws IOException {
        role = reader.string();
        if (!ROLES.contains(role)) {
            throw reader.invalid("must be one of system, developer, user and assistant, got \"%s\""
                    .formatted(StrictJson.shortened(role)));
        }
    }

    private void content() throws IOException {
        if (reader.isNull()) {
            return;
        }
        contentGiven = true;
        if (reader.isString()) {
            content = reader.string();
            return;
        }
        if (!reader.isList()) {
            throw reader.mismatch("a string or a list of text parts");
        }
        List<String> texts = new ArrayList<>();
        reader.list(() -> texts.add(part()));
        content = String.join("\n", texts);
    }

    private String part() throws IOException {
        String path = reader.path();
        String[] part = {"", ""};
        boolean[] textGiven = {false};
        reader.object(name -> {
            switch (name) {
                case "type" -> part[0] = reader.string();
                case "text" -> {
                    part[1] = reader.string();
                    textGiven[0] = true;
                }
                default -> reader.skip();
            }
        });
        if (!part[0].equals("text")) {
            throw ServeException.invalid(
                    path + ".type",
                    "%s.type must be \"text\", got \"%s\": this model reads text only."
                            .formatted(path, StrictJson.shortened(part[0])));
        }
        if (!textGiven[0]) {
            throw ServeException.invalid(path + ".text", path + ".text is required.");
        }
        return part[1];
    }

    private void refuseUnlessEmpty() throws IOException {
        String path = reader.path();
        var value = reader.tree();
        if (!value.isNull() && !(value.isArray() && value.isEmpty())) {
            throw ServeException.invalid(path, path + " is not supported by this engine; leave it out.");
        }
    }
}
