package io.llmserve.wire;

/// Headers that only the gateway may send to a worker. The gateway drops every header of this prefix that a
/// client sent, so that a worker behind it may believe them.
public final class InternalHeaders {
    public static final String PREFIX = "x-llmserve-";

    /// The salt that keeps the tenant's prefixes apart; a worker takes it in place of the body's `cache_salt`.
    public static final String CACHE_SALT = PREFIX + "cache-salt";

    /// The id of the request as the gateway returns it to the client, beside `X-Request-Id`.
    public static final String REQUEST_ID = PREFIX + "request-id";

    private InternalHeaders() {}
}
