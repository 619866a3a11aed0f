package io.llmserve.models.fetch;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/// Small documents from the network: index pages, API answers.
final class Pages {
    private static final int MAX_BYTES = 64 << 20;

    private final Network network;
    private final Retry retry;

    Pages(Network network, Retry retry) {
        this.network = network;
        this.retry = retry;
    }

    /// @param uri after redirects: what relative links start from
    record Page(URI uri, int status, String contentType, String errorCode, String text) {}

    /// Any final status; the caller knows what it means.
    Page get(URI uri, String accept, Optional<String> credentials) {
        return retry.run(
                () -> attempt(uri, accept, credentials),
                () -> 0,
                cause -> "cannot reach %s: %s".formatted(Network.shown(uri), cause));
    }

    private Page attempt(URI uri, String accept, Optional<String> credentials) throws IOException {
        try (Network.Answer answer = network.get(uri, Map.of("Accept", accept), credentials)) {
            if (answer.status() == 429 || answer.status() >= 500) {
                throw Refusal.of(Network.shown(uri), answer);
            }
            byte[] bytes = answer.body().readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new ServeException(
                        Failure.UPSTREAM, "%s is longer than %d bytes".formatted(Network.shown(uri), MAX_BYTES));
            }
            return new Page(
                    answer.uri(),
                    answer.status(),
                    answer.header("content-type").orElse(""),
                    answer.header("x-error-code").orElse(""),
                    new String(bytes, StandardCharsets.UTF_8));
        }
    }
}
