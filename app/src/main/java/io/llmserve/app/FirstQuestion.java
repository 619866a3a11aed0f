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
import java.util.concurrent.locks.LockSupport;

/// One question over HTTP, before users are told that they may ask: proves that the whole way answers, and loads the
/// classes on that way.
///
/// @param chat whether the model has a chat template; otherwise it continues a text
record FirstQuestion(int port, boolean chat) {
    private static final int PATIENCE_MILLIS = 120_000;
    private static final long PAUSE_NANOS = 50_000_000;

    /// As far as a question goes without the engine.
    void tokenize() {
        try (BufferedReader answer = ask("/tokenize", "{%s}".formatted(question()))) {
            answer.readLine();
        } catch (IOException failure) {
            throw failed(failure);
        }
    }

    /// Whether the worker can make tokens of it: a model without a chat template refuses messages.
    boolean isUnderstood() {
        try {
            return send("/tokenize", "{%s}".formatted(question())).getResponseCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException failure) {
            throw failed(failure);
        }
    }

    /// Waits for a whole answer of `tokens` tokens, streamed, and returns [Clock#nanos()] of the first.
    long nanosOfFirstToken(int tokens, Clock clock) {
        long firstToken = 0;
        boolean seen = false;
        String body = "{\"stream\":true,\"ignore_eos\":true,\"max_tokens\":%d,%s}".formatted(tokens, question());
        try (BufferedReader events = ask(chat ? "/v1/chat/completions" : "/v1/completions", body)) {
            for (String line = events.readLine(); line != null; line = events.readLine()) {
                if (!seen && line.startsWith("data:")) {
                    firstToken = clock.nanos();
                    seen = true;
                }
            }
        } catch (IOException failure) {
            throw failed(failure);
        }
        if (!seen) {
            throw new ServeException(Failure.INTERNAL, "the first answer was empty");
        }
        return firstToken;
    }

    private String question() {
        return chat ? "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]" : "\"prompt\":\"Hello\"";
    }

    /// Asks again while the gateway has not heard from its worker, whose first probe fails where the machine is busy.
    private BufferedReader ask(String path, String body) throws IOException {
        HttpURLConnection connection = send(path, body);
        long deadline = Clock.SYSTEM.nanos() + PATIENCE_MILLIS * 1_000_000L;
        while (connection.getResponseCode() == Failure.UNAVAILABLE.httpStatus() && Clock.SYSTEM.nanos() < deadline) {
            LockSupport.parkNanos(PAUSE_NANOS);
            connection = send(path, body);
        }
        return new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8));
    }

    private HttpURLConnection send(String path, String body) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://127.0.0.1:" + port + path).toURL().openConnection();
        connection.setReadTimeout(PATIENCE_MILLIS);
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/json");
        try (OutputStream out = connection.getOutputStream()) {
            out.write(body.getBytes(StandardCharsets.UTF_8));
        }
        return connection;
    }

    private static ServeException failed(IOException failure) {
        return new ServeException(Failure.INTERNAL, "the first answer failed: " + failure.getMessage(), failure);
    }
}
