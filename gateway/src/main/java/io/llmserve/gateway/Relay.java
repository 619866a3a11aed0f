package io.llmserve.gateway;

import io.llmserve.core.ServeException;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;

/// How a worker's answer is passed on to the client. Owned by one event loop.
interface Relay {
    void chunk(Buffer chunk);

    /// The worker's answer is complete. False: it is not, though the worker ended it.
    boolean ended();

    /// More is held back than a sane answer has in one piece.
    boolean overfull();

    /// Whether the client has seen any of the answer: then no other worker can begin anew.
    boolean begun();

    long sentBytes();

    /// Tokens of the answer, as far as it tells.
    long generatedTokens();

    /// Why the worker said, within its answer, that it cannot go on.
    default Optional<String> brokenOff() {
        return Optional.empty();
    }

    /// Ends an answer that has begun with the failure, as far as its form can tell it.
    void breakOff(ServeException failure);
}
