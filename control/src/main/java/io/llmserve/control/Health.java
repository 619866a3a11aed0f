package io.llmserve.control;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

/// Whether a worker answers its health check with 200.
final class Health implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /// Not HTTP/2, as a server that knows it not logs each offer.
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    /// What is missing; empty when the worker is well.
    Optional<String> missing(URI uri) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(uri).timeout(PATIENCE).build();
        try {
            int status =
                    client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            return status == 200 ? Optional.empty() : Optional.of("%s answers %d".formatted(uri, status));
        } catch (IOException failure) {
            String why = failure.getMessage();
            return Optional.of("%s does not answer (%s)"
                    .formatted(uri, why == null ? failure.getClass().getSimpleName() : why));
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }
}
