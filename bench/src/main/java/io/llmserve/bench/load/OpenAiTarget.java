package io.llmserve.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.core.Clock;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Sends planned requests to an OpenAI endpoint and times their answers.
public record OpenAiTarget(OpenAiEndpoint endpoint, RequestBody body, PromptText prompts, Clock clock)
        implements Target {

    @Override
    public Outcome send(PlannedRequest request, long scheduledNanos) {
        byte[] json = body.json(prompts.write(request), request.shape().outputTokens());
        HttpRequest http = endpoint.request(body.path())
                .POST(BodyPublishers.ofByteArray(json))
                .build();
        try {
            return body.streamed()
                    ? streamed(http, request.shape(), scheduledNanos)
                    : whole(http, request.shape(), scheduledNanos);
        } catch (IOException | ServeException failed) {
            return Outcome.failed(request.shape(), scheduledNanos, clock.nanos(), kind(failed));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return Outcome.failed(request.shape(), scheduledNanos, clock.nanos(), "interrupted");
        }
    }

    private Outcome streamed(HttpRequest http, Shape shape, long scheduled) throws IOException, InterruptedException {
        BodyHandler<StreamedAnswer> handler = head -> head.statusCode() == 200
                ? new AnswerSubscriber(clock)
                : BodySubscribers.replacing(new StreamedAnswer());
        HttpResponse<StreamedAnswer> response = exchange(http, handler);
        return response.statusCode() == 200
                ? response.body().outcome(shape, scheduled, clock.nanos())
                : Outcome.failed(shape, scheduled, clock.nanos(), "http_" + response.statusCode());
    }

    private Outcome whole(HttpRequest http, Shape shape, long scheduled) throws IOException, InterruptedException {
        HttpResponse<String> response = exchange(http, HttpResponse.BodyHandlers.ofString());
        long end = clock.nanos();
        if (response.statusCode() != 200) {
            return Outcome.failed(shape, scheduled, end, "http_" + response.statusCode());
        }
        JsonNode usage = OpenAiEndpoint.tree(response.body()).path("usage");
        return new Outcome(shape, new Outcome.Timing(scheduled, new long[0], end), StreamedAnswer.usage(usage), "");
    }

    /// The client's own timeout ends with the head of the answer; this one covers the body as well.
    private <T> HttpResponse<T> exchange(HttpRequest http, BodyHandler<T> handler)
            throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<T>> answer = endpoint.http().sendAsync(http, handler);
        try {
            return answer.get(endpoint.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            answer.cancel(true);
            throw new HttpTimeoutException("no end of the answer within " + endpoint.timeout());
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof IOException io ? io : new IOException(failed.getCause());
        }
    }

    private static String kind(Throwable failed) {
        return switch (failed) {
            case ConnectException ignored -> "connect";
            case HttpTimeoutException ignored -> "timeout";
            case ServeException ignored -> "malformed_answer";
            default -> "connection";
        };
    }
}
