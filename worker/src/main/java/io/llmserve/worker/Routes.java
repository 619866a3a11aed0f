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
        /// The methods that the path takes, as the `Allow` header lists them.
        String allowed();

        boolean takes(HttpMethod method);

        record Read(Get get) implements Route {
            @Override
            public String allowed() {
                return "GET, HEAD, OPTIONS";
            }

            @Override
            public boolean takes(HttpMethod method) {
                return method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
            }
        }

        record Act(Post post) implements Route {
            @Override
            public String allowed() {
                return "POST, OPTIONS";
            }

            @Override
            public boolean takes(HttpMethod method) {
                return method.equals(HttpMethod.POST);
            }
        }
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

    /// NOT_FOUND for an unknown path.
    Route find(String path) {
        Route exact = routes.get(path);
        int slash = path.lastIndexOf('/');
        Route route = exact != null || slash < 0 ? exact : routes.get(path.substring(0, slash + 1));
        if (route == null) {
            throw new ServeException(Failure.NOT_FOUND, "There is nothing at %s.".formatted(path));
        }
        return route;
    }
}
