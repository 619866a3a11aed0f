package io.llmserve.models.fetch;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// HTTP GET with redirects followed by hand, so that credentials never reach another host and HTTPS never becomes HTTP.
/// Blocks; made for one pull and closed after it.
public final class Network implements AutoCloseable {
    private static final int MAX_REDIRECTS = 10;

    private final HttpClient client;
    private final Duration stallLimit;

    Network(HttpClient client, Duration stallLimit) {
        this.client = client;
        this.stallLimit = stallLimit;
    }

    /// A client that goes through the proxies and trusts the certificates that the environment names.
    ///
    /// @param stallLimit a server that sends nothing for so long counts as gone
    public static Network of(Map<String, String> environment, Duration stallLimit) {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(stallLimit)
                .proxy(new EnvironmentProxies(environment));
        TrustedCertificates.context(environment).ifPresent(builder::sslContext);
        EnvironmentProxies.authenticator(environment).ifPresent(builder::authenticator);
        return new Network(builder.build(), stallLimit);
    }

    /// A server's answer; to be closed.
    record Answer(URI uri, int status, HttpResponse<InputStream> response, InputStream body) implements AutoCloseable {
        Optional<String> header(String name) {
            return response.headers().firstValue(name);
        }

        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    /// @param credentials the value of `Authorization`, for the host of `uri` only
    Answer get(URI uri, Map<String, String> headers, Optional<String> credentials) throws IOException {
        URI current = uri;
        for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
            HttpResponse<InputStream> response =
                    send(current, headers, sameOrigin(uri, current) ? credentials : Optional.empty());
            Optional<String> location = response.headers().firstValue("location");
            if (!List.of(301, 302, 303, 307, 308).contains(response.statusCode()) || location.isEmpty()) {
                InputStream body = new WatchedStream(response.body(), stallLimit);
                return new Answer(current, response.statusCode(), response, body);
            }
            response.body().close();
            current = redirected(current, location.get());
        }
        throw new ServeException(
                Failure.UPSTREAM, "%s redirects more than %d times".formatted(shown(uri), MAX_REDIRECTS));
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }

    /// Without query, fragment and user: signed URLs and passwords stay out of messages.
    static String shown(URI uri) {
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        return "%s://%s%s%s".formatted(uri.getScheme(), uri.getHost(), port, uri.getRawPath());
    }

    private HttpResponse<InputStream> send(URI uri, Map<String, String> headers, Optional<String> credentials)
            throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(stallLimit);
        request.header("User-Agent", "llmserve");
        headers.forEach(request::header);
        credentials.ifPresent(value -> request.header("Authorization", value));
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServeException(Failure.UNAVAILABLE, "the request to %s was interrupted".formatted(shown(uri)), e);
        }
    }

    static URI redirected(URI from, String location) {
        URI to;
        try {
            to = from.resolve(location);
            checkAddress(to);
        } catch (IllegalArgumentException e) {
            throw new ServeException(
                    Failure.UPSTREAM, "%s redirects to what is no web address".formatted(shown(from)), e);
        }
        if (from.getScheme().equalsIgnoreCase("https") && !to.getScheme().equalsIgnoreCase("https")) {
            throw new ServeException(
                    Failure.UPSTREAM, "%s redirects to unencrypted %s".formatted(shown(from), shown(to)));
        }
        return to;
    }

    /// Throws IllegalArgumentException unless this is `http(s)://host...`.
    static URI checkAddress(URI uri) {
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!(scheme.equals("http") || scheme.equals("https")) || uri.getHost() == null) {
            throw new IllegalArgumentException("no http or https address with a host");
        }
        return uri;
    }

    static boolean sameOrigin(URI a, URI b) {
        return a.getScheme().equalsIgnoreCase(b.getScheme())
                && a.getHost().equalsIgnoreCase(b.getHost())
                && port(a) == port(b);
    }

    private static int port(URI uri) {
        if (uri.getPort() >= 0) {
            return uri.getPort();
        }
        return uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
    }
}
