package io.llmserve.gateway;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Objects;
import java.util.Optional;

/// What the gateway answers itself.
final class LocalAnswers {
    private final GatewayState state;

    LocalAnswers(GatewayState state) {
        this.state = state;
    }

    void answer(Route route, HttpServerRequest request) {
        switch (route) {
            case MODELS -> json(request, models());
            case MODEL -> json(request, state.pool.model(Route.model(Objects.requireNonNull(request.path()))));
            case VERSION -> json(request, new JsonObject().put("version", state.options.version()));
            case HEALTH -> json(request, new JsonObject().put("status", "ok"));
            case READY -> {
                Optional<String> reason = state.whyNotReady();
                if (reason.isPresent()) {
                    throw new ServeException(Failure.UNAVAILABLE, reason.get());
                }
                json(request, new JsonObject().put("status", "ready").put("workers", state.pool.upCount()));
            }
            case CHAT_COMPLETIONS, COMPLETIONS, GENERATE, TOKENIZE, DETOKENIZE ->
                throw new IllegalArgumentException(route + " is answered by a worker");
        }
    }

    private JsonObject models() {
        return new JsonObject().put("object", "list").put("data", new JsonArray(state.pool.models()));
    }

    private static void json(HttpServerRequest request, JsonObject body) {
        request.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .end(body.toBuffer());
    }
}
