package io.llmserve.gateway;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// What the front door answers. `proxied` ones go to a worker, `open` ones need no API key.
enum Route {
    CHAT_COMPLETIONS("POST", "/v1/chat/completions", true, false),
    COMPLETIONS("POST", "/v1/completions", true, false),
    TOKENIZE("POST", "/tokenize", true, false),
    DETOKENIZE("POST", "/detokenize", true, false),
    MODELS("GET", "/v1/models", false, false),
    VERSION("GET", "/version", false, false),
    HEALTH("GET", "/health", false, true),
    READY("GET", "/ready", false, true);

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
        return Optional.ofNullable(BY_PATH.get(path));
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

    boolean proxied() {
        return proxied;
    }

    boolean open() {
        return open;
    }
}
