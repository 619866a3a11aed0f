package io.llmserve.bench.load;

import static io.llmserve.core.Checks.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.Executors;

/// A server that speaks the OpenAI API, as one who sends requests to it sees it.
///
/// @param base without `/v1`
/// @param apiKey sent as a bearer token; empty sends none
/// @param timeout of a whole answer
public record OpenAiEndpoint(URI base, String apiKey, Duration timeout, HttpClient http) {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final int SHOWN_CHARS = 300;

    public OpenAiEndpoint {
        check(timeout.isPositive(), "timeout must be positive, got %s", timeout);
    }

    /// @param url with or without `/v1` at its end
    public static OpenAiEndpoint of(String url, String apiKey, Duration timeout) {
        HttpClient http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout)
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
        try {
            URI base = URI.create(url.replaceFirst("/+$", "").replaceFirst("/v1$", ""));
            if (base.getHost() != null && ("http".equals(base.getScheme()) || "https".equals(base.getScheme()))) {
                return new OpenAiEndpoint(base, apiKey, timeout, http);
            }
        } catch (IllegalArgumentException malformed) {
            throw new ServeException(Failure.CONFIGURATION, notAnAddress(url), malformed);
        }
        throw new ServeException(Failure.CONFIGURATION, notAnAddress(url));
    }

    /// The first model that `/v1/models` lists.
    public String firstModel() {
        HttpResponse<String> answer = exchange(request("/v1/models").GET().build());
        if (answer.statusCode() != 200) {
            throw new ServeException(
                    Failure.UPSTREAM,
                    "%s/v1/models answered %d: %s".formatted(base, answer.statusCode(), shown(answer.body())));
        }
        JsonNode id = tree(answer.body()).path("data").path(0).path("id");
        if (!id.isTextual()) {
            throw new ServeException(
                    Failure.UPSTREAM, "%s/v1/models lists no model: %s".formatted(base, shown(answer.body())));
        }
        return id.textValue();
    }

    HttpRequest.Builder request(String path) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(base + path))
                .timeout(timeout)
                .header("Content-Type", "application/json");
        return apiKey.isEmpty() ? builder : builder.header("Authorization", "Bearer " + apiKey);
    }

    /// An exchange outside the measured load: a failure to connect is an error to show, not an outcome to count.
    HttpResponse<String> exchange(HttpRequest request) {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException failed) {
            throw new ServeException(
                    Failure.UPSTREAM, "no answer from %s: %s".formatted(request.uri(), reason(failed)), failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new ServeException(Failure.UNAVAILABLE, "interrupted while asking " + request.uri(), interrupted);
        }
    }

    static JsonNode tree(String body) {
        try {
            return JSON.readTree(body);
        } catch (IOException malformed) {
            throw new ServeException(Failure.UPSTREAM, "not JSON: " + shown(body), malformed);
        }
    }

    static String shown(String body) {
        return body.length() <= SHOWN_CHARS ? body : body.substring(0, SHOWN_CHARS) + "...";
    }

    private static String reason(IOException failed) {
        String message = failed.getMessage();
        return message == null ? failed.getClass().getSimpleName() : message;
    }

    private static String notAnAddress(String url) {
        return "'%s' is no address of a server; write http://HOST:PORT or https://HOST".formatted(url);
    }
}
