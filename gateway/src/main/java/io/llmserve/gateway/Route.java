package io.llmserve.gateway;

import io.llmserve.core.ServeException;
import io.llmserve.wire.AnswerShape;
import io.llmserve.wire.RequestPeek;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// What the front door answers. `proxied` ones go to a worker, `open` ones need no API key.
enum Route {
    CHAT_COMPLETIONS("POST", "/v1/chat/completions", true, false),
    COMPLETIONS("POST", "/v1/completions", true, false),
    /// Tokens in, tokens out, as vLLM has it (a vLLM only where it was started with `--enable-scale-out`).
    GENERATE("POST", "/inference/v1/generate", true, false),
    TOKENIZE("POST", "/tokenize", true, false),
    DETOKENIZE("POST", "/detokenize", true, false),
    MODELS("GET", "/v1/models", false, false),
    MODEL("GET", "/v1/models/{model}", false, false),
    VERSION("GET", "/version", false, false),
    HEALTH("GET", "/health", false, true),
    READY("GET", "/ready", false, true);

    private static final String MODEL_PREFIX = "/v1/models/";
    private static final Map<String, Route> BY_PATH =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Route::path, Function.identity()));

    private final String method;
    private final String path;
    private final boolean proxied;
    private final boolean open;

    Route(String method, String path, boolean proxied, boolean open) {
        this.method = method;
        this.path = path;
        this.proxied = proxied;
        this.open = open;
    }

    static Optional<Route> of(String path) {
        Route exact = BY_PATH.get(path);
        boolean namesModel = path.startsWith(MODEL_PREFIX) && path.length() > MODEL_PREFIX.length();
        return exact == null && namesModel ? Optional.of(MODEL) : Optional.ofNullable(exact);
    }

    /// The model that a path of [#MODEL] names; names like `organisation/name` may come escaped or not.
    static String model(String path) {
        String name = path.substring(MODEL_PREFIX.length());
        try {
            return URLDecoder.decode(name.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException malformed) {
            throw ServeException.invalid("model", "`%s` is not a valid escaped name".formatted(name));
        }
    }

    /// A route that is read may also be asked for its head.
    boolean allows(String asked) {
        return method.equals(asked) || (method.equals("GET") && asked.equals("HEAD"));
    }

    /// The value of the `Allow` header.
    String allowed() {
        return method.equals("GET") ? "GET, HEAD" : method;
    }

    String path() {
        return path;
    }

    /// Answered with tokens that a model generates.
    boolean generates() {
        return this == CHAT_COMPLETIONS || this == COMPLETIONS || this == GENERATE;
    }

    /// The field of the body that has the prompt; empty where there is none.
    String promptField() {
        return switch (this) {
            case CHAT_COMPLETIONS -> "messages";
            case COMPLETIONS -> "prompt";
            case GENERATE -> "token_ids";
            case TOKENIZE, DETOKENIZE, MODELS, MODEL, VERSION, HEALTH, READY -> "";
        };
    }

    /// Of the answers of a route that [#generates()].
    AnswerShape shape() {
        return switch (this) {
            case CHAT_COMPLETIONS -> AnswerShape.CHAT;
            case COMPLETIONS -> AnswerShape.TEXT;
            case GENERATE -> AnswerShape.TOKENS;
            case TOKENIZE, DETOKENIZE, MODELS, MODEL, VERSION, HEALTH, READY ->
                throw new IllegalStateException(this + " generates nothing");
        };
    }

    RequestPeek peek(byte[] body) {
        return this == GENERATE ? RequestPeek.ofTokens(body) : RequestPeek.of(body);
    }

    boolean proxied() {
        return proxied;
    }

    boolean open() {
        return open;
    }
}
