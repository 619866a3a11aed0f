package io.llmserve.gateway;

import static io.llmserve.core.Checks.check;

/// A bearer token and the tenant that it speaks for. Several keys may name the same tenant.
public record ApiKey(String tenant, String secret) {
    public ApiKey {
        check(!tenant.isBlank(), "the tenant of an API key must have a name");
        check(!secret.isBlank(), "the API key of tenant %s must not be empty", tenant);
    }

    /// Without the secret, so that a log of the options does not leak it.
    @Override
    public String toString() {
        return "ApiKey[" + tenant + "]";
    }
}
