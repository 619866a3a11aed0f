package io.llmserve.gateway;

/// Who a request is for.
///
/// @param cacheSalt keeps the tenant's prefixes apart from all others'; empty where the door is open to
///     everyone
record Tenant(String name, String cacheSalt) {
    /// Everyone, where no keys are configured.
    static final Tenant ANONYMOUS = new Tenant("anonymous", "");
}
