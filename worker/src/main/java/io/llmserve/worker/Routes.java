package io.llmserve.worker;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.vertx.core.http.HttpMethod;
import java.util.Map;
import java.util.TreeMap;

/// Which path does what. A path has one method, beside HEAD for GET and OPTIONS for all.
final class Routes {
    /// Answers a request without a body, on a virtual thread.
    @FunctionalInterface
    interface Get {
        void answer(Exchange exchange) throws InterruptedException;
    }

    /// Answers a request with a JSON body, on a virtual thread.
    @FunctionalInterface
    interface Post {
        void answer(Exchange exchange, byte[] body) throws InterruptedException;
    }

    /// What is to be done with a request.
    sealed interface Route {
        record Read(Get get) implements Route {}

        record Act(Post post) implements Route {}
    }

    /// Paths that end in `/` cover all below them.
    private final Map<String, Route> routes = new TreeMap<>();

    Routes get(String path, Get get) {
        routes.put(path, new Route.Read(get));
        return this;
    }

    Routes post(String path, Post post) {
        routes.put(path, new Route.Act(post));
        return this;
    }

    /// The methods that a path knows, as the `Allow` header lists them; NOT_FOUND for an unknown path.
    String allowed(String path) {
        return switch (find(path)) {
            case Route.Read _ -> "GET, HEAD, OPTIONS";
            case Route.Act _ -> "POST, OPTIONS";
        };
    }

    Route find(HttpMethod method, String path) {
        Route route = find(path);
        boolean fits = switch (route) {
            case Route.Read _ -> method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
            case Route.Act _ -> method.equals(HttpMethod.POST);
        };
        if (!fits) {
            throw new ServeException(
                    Failure.METHOD_NOT_ALLOWED,
                    "%s does not take %s; it takes %s.".formatted(path, method, allowed(path)));
        }
        return route;
    }

    private Route find(String path) {
        Route exact = routes.get(path);
        int slash = path.lastIndexOf('/');
        Route route = exact != null || slash < 0 ? exact : routes.get(path.substring(0, slash + 1));
        if (route == null) {
            throw new ServeException(Failure.NOT_FOUND, "There is nothing at %s.".formatted(path));
        }
        return route;
    }
}
