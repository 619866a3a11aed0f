package io.llmserve.transfer.link;

import io.llmserve.core.ServeException;
import org.jspecify.annotations.Nullable;

/// A failed transfer inside this room; callers of the room see a [ServeException].
public final class TransferException extends RuntimeException {
    private final TransferFailure kind;

    public TransferException(TransferFailure kind, String message) {
        this(kind, message, null);
    }

    public TransferException(TransferFailure kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public TransferFailure kind() {
        return kind;
    }

    public String text() {
        String message = getMessage();
        return message == null ? kind.label() : message;
    }

    public ServeException forCallers() {
        return new ServeException(kind.failure(), text(), this);
    }
}
