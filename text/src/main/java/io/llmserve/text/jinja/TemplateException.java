package io.llmserve.text.jinja;

/// A template that cannot be parsed, or that stopped: by `raise_exception`, or because a value is not what it
/// expects.
public final class TemplateException extends RuntimeException {
    public TemplateException(String message) {
        super(message);
    }

    static TemplateException at(int line, String message) {
        return new TemplateException("line %d: %s".formatted(line, message));
    }

    public String messageText() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
