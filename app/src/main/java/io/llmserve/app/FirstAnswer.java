package io.llmserve.app;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/// One streamed question over HTTP, before users are told that they may ask: proves that the whole way
/// answers, and loads the classes on that way.
///
/// @param chat whether the model has a chat template; otherwise it continues a text
record FirstAnswer(boolean chat, int tokens) {
    private static final int PATIENCE_MILLIS = 120_000;

    /// Waits for the whole answer and returns [Clock#nanos()] of its first token.
    long nanosOfFirstToken(int port, Clock clock) {
        long firstToken = 0;
        boolean seen = false;
        try {
            HttpURLConnection connection = ask(port);
            try (BufferedReader events =
                    new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = events.readLine(); line != null; line = events.readLine()) {
                    if (!seen && line.startsWith("data:")) {
                        firstToken = clock.nanos();
                        seen = true;
                    }
                }
            }
        } catch (IOException failure) {
            throw new ServeException(Failure.INTERNAL, "the first answer failed: " + failure.getMessage(), failure);
        }
        if (!seen) {
            throw new ServeException(Failure.INTERNAL, "the first answer was empty");
        }
        return firstToken;
    }

    private HttpURLConnection ask(int port) throws IOException {
        String path = chat ? "/v1/chat/completions" : "/v1/completions";
        String question = chat ? "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]" : "\"prompt\":\"Hello\"";
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://127.0.0.1:" + port + path).toURL().openConnection();
        connection.setReadTimeout(PATIENCE_MILLIS);
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/json");
        String body = "{\"stream\":true,\"ignore_eos\":true,\"max_tokens\":%d,%s}".formatted(tokens, question);
        try (OutputStream out = connection.getOutputStream()) {
            out.write(body.getBytes(StandardCharsets.UTF_8));
        }
        return connection;
    }
}
