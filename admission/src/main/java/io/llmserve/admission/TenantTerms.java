package io.llmserve.admission;

import static io.llmserve.core.Checks.check;

import io.llmserve.admission.budget.Limits;

/// What a tenant gets.
///
/// @param weight twice the weight, twice the share while the server is busy
/// @param limits what it may use, however idle the server is
public record TenantTerms(double weight, Limits limits) {
    public static final TenantTerms DEFAULT = new TenantTerms(1, Limits.NONE);

    public TenantTerms {
        check(weight > 0 && weight < Double.POSITIVE_INFINITY, "a weight must be positive, got %s", weight);
    }
}
