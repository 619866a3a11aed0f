package io.llmserve.gateway;

import static io.llmserve.core.Checks.check;

import java.time.Duration;
import java.util.List;

/// What an operator may set on the gateway. [#defaults()] is what a laptop gets.
///
/// @param version what `/version` and `llmserve_build_info` say
public record GatewayOptions(
        Listen listen, Limits limits, Timeouts timeouts, Security security, Health health, String version) {

    public static GatewayOptions defaults() {
        return new GatewayOptions(
                new Listen("127.0.0.1", 8000, 9400, 1),
                new Limits(10 << 20, 256L << 20, 32 << 10, 4096, 256, 1024, 1024),
                Timeouts.defaults(),
                new Security(List.of(), ""),
                new Health(
                        Duration.ofSeconds(1), Duration.ofSeconds(2), 3, Duration.ofSeconds(1), Duration.ofSeconds(30)),
                "unknown");
    }

    public GatewayOptions with(Listen changed) {
        return new GatewayOptions(changed, limits, timeouts, security, health, version);
    }

    public GatewayOptions with(Limits changed) {
        return new GatewayOptions(listen, changed, timeouts, security, health, version);
    }

    public GatewayOptions with(Timeouts changed) {
        return new GatewayOptions(listen, limits, changed, security, health, version);
    }

    public GatewayOptions with(Security changed) {
        return new GatewayOptions(listen, limits, timeouts, changed, health, version);
    }

    public GatewayOptions with(Health changed) {
        return new GatewayOptions(listen, limits, timeouts, security, changed, version);
    }

    public GatewayOptions withVersion(String changed) {
        return new GatewayOptions(listen, limits, timeouts, security, health, changed);
    }

    /// Where the gateway listens; port 0 takes a free one.
    ///
    /// @param eventLoops threads that move bytes; one does some 20,000 requests a second
    public record Listen(String host, int port, int metricsPort, int eventLoops) {
        public Listen {
            check(!host.isBlank(), "host must not be empty");
            check(port >= 0 && port <= 65_535, "port must be 0 to 65535, got %d", port);
            check(metricsPort >= 0 && metricsPort <= 65_535, "metricsPort must be 0 to 65535, got %d", metricsPort);
            check(eventLoops > 0, "eventLoops must be positive, got %d", eventLoops);
        }
    }

    /// @param maxBodyBytes of one request
    /// @param maxBufferedBytes of the bodies of all requests that wait or run, together
    /// @param maxHeaderBytes of one request's headers together
    /// @param maxConnections open at a time; more are told so and closed
    /// @param maxInFlight requests at the workers at a time
    /// @param maxQueued requests that wait for one of those places
    /// @param maxStreams streamed answers open at a time, waiting ones included
    public record Limits(
            int maxBodyBytes,
            long maxBufferedBytes,
            int maxHeaderBytes,
            int maxConnections,
            int maxInFlight,
            int maxQueued,
            int maxStreams) {
        public Limits {
            check(maxBodyBytes > 0, "maxBodyBytes must be positive, got %d", maxBodyBytes);
            check(
                    maxBufferedBytes >= maxBodyBytes,
                    "maxBufferedBytes must hold one body of %d bytes, got %d",
                    maxBodyBytes,
                    maxBufferedBytes);
            check(maxHeaderBytes >= 1024, "maxHeaderBytes must be 1024 or more, got %d", maxHeaderBytes);
            check(maxConnections > 0, "maxConnections must be positive, got %d", maxConnections);
            check(maxInFlight > 0, "maxInFlight must be positive, got %d", maxInFlight);
            check(maxQueued >= 0, "maxQueued must not be negative, got %d", maxQueued);
            check(maxStreams > 0, "maxStreams must be positive, got %d", maxStreams);
        }
    }

    /// @param headers from a connection's start to its first request's head
    /// @param body from a request's head to its last byte
    /// @param idle between two requests of one connection
    /// @param queue the longest wait for a place at the workers
    /// @param connect to a worker
    /// @param firstByte from the request's end at the worker to its answer's first byte; without streaming that
    ///     is the whole generation
    /// @param stall between two pieces of a worker's answer
    /// @param slowClient how long a client may leave written bytes unread
    public record Timeouts(
            Duration headers,
            Duration body,
            Duration idle,
            Duration queue,
            Duration connect,
            Duration firstByte,
            Duration stall,
            Duration slowClient) {
        public Timeouts {
            for (Duration timeout : List.of(headers, body, idle, queue, connect, firstByte, stall, slowClient)) {
                check(timeout.isPositive(), "timeouts must be positive, got %s", timeout);
            }
        }

        public static Timeouts defaults() {
            return new Timeouts(
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(60),
                    Duration.ofSeconds(75),
                    Duration.ofSeconds(30),
                    Duration.ofSeconds(2),
                    Duration.ofMinutes(10),
                    Duration.ofMinutes(2),
                    Duration.ofMinutes(1));
        }
    }

    /// @param keys none: the door is open and every request belongs to the tenant `anonymous`
    /// @param saltSecret what the tenants' cache salts are derived from; empty: drawn at start, so that a
    ///     restarted gateway does not meet its old prefixes again
    public record Security(List<ApiKey> keys, String saltSecret) {
        public Security {
            keys = List.copyOf(keys);
        }

        @Override
        public String toString() {
            return "Security" + keys;
        }
    }

    /// @param interval between two probes of one worker
    /// @param timeout of one probe
    /// @param failures consecutive ones, of probes or of requests, that take a worker out
    /// @param ejection how long a worker that failed requests stays out at least; doubles each time up to the
    ///     longest
    public record Health(
            Duration interval, Duration timeout, int failures, Duration ejection, Duration longestEjection) {
        public Health {
            check(interval.isPositive(), "interval must be positive, got %s", interval);
            check(timeout.isPositive(), "timeout must be positive, got %s", timeout);
            check(failures > 0, "failures must be positive, got %d", failures);
            check(
                    ejection.compareTo(longestEjection) <= 0,
                    "ejection %s must not exceed the longest ejection %s",
                    ejection,
                    longestEjection);
        }
    }
}
