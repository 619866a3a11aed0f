package io.llmserve.gateway;

import static io.llmserve.core.Checks.check;

import java.net.URI;

/// Where a worker answers over plain HTTP. `host:port` is also its name in metrics and messages.
public record WorkerEndpoint(String host, int port) {
    public WorkerEndpoint {
        check(!host.isBlank(), "the host of a worker must not be empty");
        check(port > 0 && port <= 65_535, "the port of worker %s must be 1 to 65535, got %d", host, port);
    }

    /// From `http://host:port`.
    public static WorkerEndpoint of(URI uri) {
        check("http".equals(uri.getScheme()), "a worker's address starts with http://, got %s", uri);
        check(uri.getHost() != null, "a worker's address names a host, got %s", uri);
        return new WorkerEndpoint(uri.getHost(), uri.getPort() < 0 ? 80 : uri.getPort());
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
