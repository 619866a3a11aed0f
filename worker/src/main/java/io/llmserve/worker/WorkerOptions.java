package io.llmserve.worker;

import static io.llmserve.core.Checks.check;

import java.time.Duration;

/// How a worker listens and what it puts up with.
///
/// @param port 0 for any free one
/// @param eventLoops threads that move bytes
/// @param trust whether `x-llmserve-` headers are to be believed
/// @param version of the program, as `/version` says it
public record WorkerOptions(
        String host, int port, int eventLoops, Trust trust, Limits limits, Timeouts timeouts, String version) {
    public WorkerOptions {
        check(port >= 0 && port <= 65_535, "port must be between 0 and 65535, got %d", port);
        check(eventLoops > 0, "eventLoops must be positive, got %d", eventLoops);
    }

    /// Whether every request comes through a gateway of ours.
    public enum Trust {
        /// Yes: a request's id is the one that the gateway tells the client.
        GATEWAY,
        /// Anybody may connect: they do not count.
        NOBODY
    }

    /// @param bodyBytes of one request; beyond it 413
    /// @param openRequests being answered at once; beyond it 429
    /// @param connections open at once; beyond it 503
    /// @param streamBufferBytes of one stream that its reader has not taken; beyond it the stream waits
    public record Limits(int bodyBytes, int openRequests, int connections, int streamBufferBytes) {
        public static final Limits DEFAULT = new Limits(16 << 20, 1_024, 4_096, 64 << 10);

        public Limits {
            check(bodyBytes > 0, "bodyBytes must be positive, got %d", bodyBytes);
            check(openRequests > 0, "openRequests must be positive, got %d", openRequests);
            check(connections > 0, "connections must be positive, got %d", connections);
            check(streamBufferBytes > 0, "streamBufferBytes must be positive, got %d", streamBufferBytes);
        }
    }

    /// @param idle without a whole request's headers, after which a connection is closed
    /// @param body from the end of the headers to the end of the body; beyond it 408
    /// @param stall while a stream's reader takes nothing; beyond it the stream is cut
    /// @param request from the body's end to the answer's end; beyond it 504
    public record Timeouts(Duration idle, Duration body, Duration stall, Duration request) {
        public static final Timeouts DEFAULT = new Timeouts(
                Duration.ofSeconds(60), Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofMinutes(30));

        public Timeouts {
            check(idle.isPositive(), "idle must be positive, got %s", idle);
            check(body.isPositive(), "body must be positive, got %s", body);
            check(stall.isPositive(), "stall must be positive, got %s", stall);
            check(request.isPositive(), "request must be positive, got %s", request);
        }
    }

    /// A worker on the loopback interface, open to whoever can reach that.
    public static WorkerOptions loopback(int port) {
        int loops = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 4);
        return new WorkerOptions("127.0.0.1", port, loops, Trust.NOBODY, Limits.DEFAULT, Timeouts.DEFAULT, "0.1.0");
    }

    /// The same at another address.
    public WorkerOptions at(String otherHost, int otherPort) {
        return new WorkerOptions(otherHost, otherPort, eventLoops, trust, limits, timeouts, version);
    }

    public WorkerOptions with(Trust changed) {
        return new WorkerOptions(host, port, eventLoops, changed, limits, timeouts, version);
    }

    public WorkerOptions with(Limits changed) {
        return new WorkerOptions(host, port, eventLoops, trust, changed, timeouts, version);
    }

    public WorkerOptions with(Timeouts changed) {
        return new WorkerOptions(host, port, eventLoops, trust, limits, changed, version);
    }
}
