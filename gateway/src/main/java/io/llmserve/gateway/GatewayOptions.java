package io.llmserve.gateway;

import static io.llmserve.core.Checks.check;

import io.llmserve.routing.LeastInFlight;
import io.llmserve.routing.Picker;
import io.llmserve.routing.RoundRobin;
import io.llmserve.routing.SplitOptions;
import java.time.Duration;
import java.util.List;

/// What an operator may set on the gateway. [#defaults()] is what a laptop gets.
///
/// @param version what `/version` and `llmserve_build_info` say
public record GatewayOptions(
        Listen listen,
        Limits limits,
        Timeouts timeouts,
        Security security,
        Health health,
        Discovery discovery,
        Hops hops,
        String version) {

    public static GatewayOptions defaults() {
        return new GatewayOptions(
                new Listen("127.0.0.1", 8000, 9400, 1),
                new Limits(10 << 20, 256L << 20, 32 << 10, 4096, 256, 1024, 1024),
                Timeouts.defaults(),
                new Security(List.of(), ""),
                new Health(
                        Duration.ofSeconds(1), Duration.ofSeconds(2), 3, Duration.ofSeconds(1), Duration.ofSeconds(30)),
                Discovery.OFF,
                Hops.defaults(),
                "unknown");
    }

    public GatewayOptions with(Listen changed) {
        return new GatewayOptions(changed, limits, timeouts, security, health, discovery, hops, version);
    }

    public GatewayOptions with(Limits changed) {
        return new GatewayOptions(listen, changed, timeouts, security, health, discovery, hops, version);
    }

    public GatewayOptions with(Timeouts changed) {
        return new GatewayOptions(listen, limits, changed, security, health, discovery, hops, version);
    }

    public GatewayOptions with(Security changed) {
        return new GatewayOptions(listen, limits, timeouts, changed, health, discovery, hops, version);
    }

    public GatewayOptions with(Health changed) {
        return new GatewayOptions(listen, limits, timeouts, security, changed, discovery, hops, version);
    }

    public GatewayOptions with(Discovery changed) {
        return new GatewayOptions(listen, limits, timeouts, security, health, changed, hops, version);
    }

    public GatewayOptions with(Hops changed) {
        return new GatewayOptions(listen, limits, timeouts, security, health, discovery, changed, version);
    }

    public GatewayOptions withVersion(String changed) {
        return new GatewayOptions(listen, limits, timeouts, security, health, discovery, hops, changed);
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

    /// How workers become known that are not listed.
    ///
    /// @param host where workers register over ZeroMQ; empty: nowhere. Whoever can reach it can become a worker
    /// @param port 0 takes a free one
    /// @param silence after which a registered worker is out
    /// @param maxWorkers registered at a time
    /// @param dnsInterval between two looks at the addresses of a name
    public record Discovery(String host, int port, Duration silence, int maxWorkers, Duration dnsInterval) {
        public static final int USUAL_PORT = 30_001;
        public static final Discovery OFF = at("", 0);

        public Discovery {
            check(port >= 0 && port <= 65_535, "discovery port must be 0 to 65535, got %d", port);
            check(silence.isPositive(), "silence must be positive, got %s", silence);
            check(maxWorkers > 0, "maxWorkers must be positive, got %d", maxWorkers);
            check(dnsInterval.isPositive(), "dnsInterval must be positive, got %s", dnsInterval);
        }

        public static Discovery at(String host, int port) {
            return new Discovery(host, port, Duration.ofSeconds(7), 1_024, Duration.ofSeconds(5));
        }

        public boolean isOn() {
            return !host.isEmpty();
        }
    }

    /// How requests travel through more than one worker.
    ///
    /// @param prefill the longest that a prefill worker may take before decode computes the prompt itself
    /// @param tokenGap the longest between two tokens of a stream that can go on at another worker
    /// @param continuations how often one stream may go on elsewhere
    /// @param policy among workers of one role
    /// @param split when prompts leave the decode worker
    public record Hops(Duration prefill, Duration tokenGap, int continuations, Policy policy, SplitOptions split) {
        public Hops {
            check(prefill.isPositive(), "prefill must be positive, got %s", prefill);
            check(tokenGap.isPositive(), "tokenGap must be positive, got %s", tokenGap);
            check(continuations >= 0, "continuations must not be negative, got %d", continuations);
        }

        public static Hops defaults() {
            return new Hops(
                    Duration.ofMinutes(2), Duration.ofSeconds(20), 4, Policy.LEAST_IN_FLIGHT, SplitOptions.LEARNED);
        }

        public Hops with(SplitOptions changed) {
            return new Hops(prefill, tokenGap, continuations, policy, changed);
        }

        public Hops with(Policy changed) {
            return new Hops(prefill, tokenGap, continuations, changed, split);
        }
    }

    /// How one of several equal workers is chosen.
    public enum Policy {
        ROUND_ROBIN,
        LEAST_IN_FLIGHT;

        Picker picker() {
            return switch (this) {
                case ROUND_ROBIN -> new RoundRobin();
                case LEAST_IN_FLIGHT -> new LeastInFlight();
            };
        }
    }
}
