package io.llmserve.gateway;

import io.llmserve.wire.InternalHeaders;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Which headers pass between client and worker: none that belong to one hop (RFC 9110, 7.6.1), none that the
/// gateway sets itself, no credentials, and no copy of an internal header.
final class ForwardedHeaders {
    static final String REQUEST_ID = "x-request-id";

    private static final Set<String> HOP = names(
            "connection",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");
    /// An encoded answer could not be read for events on its way.
    private static final Set<String> NOT_TO_WORKER =
            plus(HOP, "host", "content-length", "authorization", "expect", "accept-encoding", "cookie", REQUEST_ID);

    private static final Set<String> NOT_TO_CLIENT =
            plus(HOP, "content-length", "date", "server", REQUEST_ID, "set-cookie");

    private ForwardedHeaders() {}

    static MultiMap toWorker(MultiMap fromClient, String hopId, String requestId) {
        MultiMap headers = HttpHeaders.headers();
        copy(fromClient, headers, NOT_TO_WORKER);
        headers.set(REQUEST_ID, hopId);
        headers.set(InternalHeaders.REQUEST_ID, requestId);
        return headers;
    }

    static void toClient(MultiMap fromWorker, MultiMap target) {
        copy(fromWorker, target, NOT_TO_CLIENT);
    }

    private static void copy(MultiMap source, MultiMap target, Set<String> dropped) {
        Set<String> named = namedByConnection(source);
        for (Map.Entry<String, String> header : source) {
            String name = header.getKey();
            if (!dropped.contains(name) && !isInternal(name) && !named.contains(name.toLowerCase(Locale.ROOT))) {
                target.add(name, header.getValue());
            }
        }
    }

    /// `Connection: a, b` makes the headers `a` and `b` belong to this hop too.
    private static Set<String> namedByConnection(MultiMap headers) {
        String connection = headers.get(HttpHeaders.CONNECTION);
        if (connection == null || connection.equalsIgnoreCase("keep-alive") || connection.equalsIgnoreCase("close")) {
            return Set.of();
        }
        Set<String> names = new HashSet<>();
        for (String line : headers.getAll(HttpHeaders.CONNECTION)) {
            for (String name : line.split(",", -1)) {
                names.add(name.strip().toLowerCase(Locale.ROOT));
            }
        }
        return names;
    }

    private static boolean isInternal(String name) {
        String prefix = InternalHeaders.PREFIX;
        return name.regionMatches(true, 0, prefix, 0, prefix.length());
    }

    private static Set<String> names(String... names) {
        Set<String> set = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        set.addAll(Set.of(names));
        return set;
    }

    private static Set<String> plus(Collection<String> some, String... more) {
        Set<String> set = names(more);
        set.addAll(some);
        return set;
    }
}
