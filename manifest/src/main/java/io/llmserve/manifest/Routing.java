package io.llmserve.manifest;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import java.util.List;

/// Which of several workers a request goes to.
public record Routing(
        @Field(
                doc =
                        "Among workers of one role: `least_in_flight`, the one with the fewest requests, or `round_robin`,"
                                + " each in its turn.",
                byDefault = "least_in_flight")
        Policy policy,

        @Field(
                doc =
                        "Workers that run already, embedded or vLLM: they serve beside those that are started here. Workers"
                                + " of one model name answer for each other, whichever engine they have.")
        List<Worker> workers) {
    public Routing {
        workers = List.copyOf(workers);
        Constraint.checkAll(Routing.class, policy, workers);
        List<String> addresses = workers.stream().map(Worker::address).toList();
        if (addresses.stream().distinct().count() != addresses.size()) {
            throw new Contradiction("workers", "found %s; allowed: each address once".formatted(addresses));
        }
    }

    public enum Policy {
        LEAST_IN_FLIGHT,
        ROUND_ROBIN
    }

    /// A worker that somebody else starts and ends.
    public record Worker(
            @Field(
                    doc = "Where it answers vLLM's API: `host:port`, as in `10.0.0.7:8000`.",
                    pattern = "\\S+:\\d{1,5}",
                    patternWords = "host:port")
            String address,

            @Field(
                    doc = "What it is there for: `both`, whole requests; `prefill` and `decode`, halves of them.",
                    byDefault = "both")
            WorkerRole role) {
        public Worker {
            Constraint.checkAll(Worker.class, address, role);
            try {
                HostPort.parse(address);
            } catch (IllegalArgumentException wrong) {
                throw new Contradiction("address", String.valueOf(wrong.getMessage()));
            }
        }

        public HostPort hostPort() {
            return HostPort.parse(address);
        }
    }
}
