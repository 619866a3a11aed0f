package io.llmserve.admission.share;

import static io.llmserve.core.Checks.check;

/// What one request asks for, as far as it is known when it comes.
///
/// @param tenant whose share it takes
/// @param weight of that tenant: twice the weight, twice the share
/// @param priority within the tenant: each level is worth some seconds of having come earlier
/// @param arrivalNanos from any origin, the same for all
/// @param expected by our estimate
/// @param most it can't have more, whatever the caches hold and whenever the answer ends
public record Demand(String tenant, double weight, int priority, long arrivalNanos, Tokens expected, Tokens most) {
    public Demand {
        check(weight > 0 && weight < Double.POSITIVE_INFINITY, "tenant %s has weight %s", tenant, weight);
        check(
                expected.prompt() <= most.prompt() && expected.generated() <= most.generated(),
                "%s are expected of %s at most",
                expected,
                most);
    }
}
