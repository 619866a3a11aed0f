package io.llmserve.gateway;

import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/// Bytes that come piece by piece; a single piece, which is the rule, is not copied. Owned by one event loop.
final class Pieces {
    private @Nullable Buffer bytes;
    private boolean own;

    void add(Buffer piece) {
        if (bytes == null) {
            bytes = piece;
        } else if (own) {
            bytes.appendBuffer(piece);
        } else {
            bytes = Buffer.buffer(2 * (bytes.length() + piece.length()))
                    .appendBuffer(bytes)
                    .appendBuffer(piece);
            own = true;
        }
    }

    int length() {
        return bytes == null ? 0 : bytes.length();
    }

    Buffer all() {
        return bytes == null ? Buffer.buffer() : bytes;
    }

    void clear() {
        bytes = null;
        own = false;
    }
}
