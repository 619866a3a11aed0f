package io.llmserve.manifest;

/// Which of several workers a request goes to.
public record Routing(
        @Field(
                doc =
                        "Among workers of one role: `least_in_flight`, the one with the fewest requests, or `round_robin`,"
                                + " each in its turn.",
                byDefault = "least_in_flight")
        Policy policy) {
    public Routing {
        Constraint.checkAll(Routing.class, policy);
    }

    public enum Policy {
        LEAST_IN_FLIGHT,
        ROUND_ROBIN
    }
}
