package io.llmserve.worker;

import io.llmserve.core.Clock;
import io.vertx.core.http.HttpConnection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Knows all connections: bounds their number, and closes those on which no whole request arrives in time, be
/// they idle or fed one byte at a time.
final class ConnectionGuard {
    private final int limit;
    private final long idleNanos;
    private final Clock clock;
    private final Map<HttpConnection, Watch> watches = new ConcurrentHashMap<>();

    private static final class Watch {
        private final AtomicInteger open = new AtomicInteger();
        private final boolean surplus;
        private volatile long idleSince;

        Watch(long now, boolean surplus) {
            idleSince = now;
            this.surplus = surplus;
        }
    }

    ConnectionGuard(WorkerOptions options, Clock clock) {
        this.limit = options.limits().connections();
        this.idleNanos = options.timeouts().idle().toNanos();
        this.clock = clock;
    }

    void opened(HttpConnection connection) {
        int others = watches.size();
        watches.put(connection, new Watch(clock.nanos(), others >= limit));
        connection.closeHandler(nothing -> watches.remove(connection));
        if (others >= 2L * limit) {
            connection.close();
        }
    }

    int connections() {
        return watches.size();
    }

    /// Whether the connection is one more than may be served; up to twice as many are at least told so.
    boolean isSurplus(HttpConnection connection) {
        Watch watch = watches.get(connection);
        return watch != null && watch.surplus;
    }

    void requestBegan(HttpConnection connection) {
        Watch watch = watches.get(connection);
        if (watch != null) {
            watch.open.incrementAndGet();
        }
    }

    void requestEnded(HttpConnection connection) {
        Watch watch = watches.get(connection);
        if (watch != null) {
            watch.idleSince = clock.nanos();
            watch.open.decrementAndGet();
        }
    }

    /// Closes what has waited too long; to be called at intervals.
    void sweep() {
        long now = clock.nanos();
        watches.forEach((connection, watch) -> {
            if (watch.open.get() <= 0 && now - watch.idleSince > idleNanos) {
                connection.close();
            }
        });
    }
}
