package io.llmserve.wire;

/// Headers that only the gateway may send to a worker. The gateway drops every header of this prefix that a
/// client sent, so that a worker behind it may believe them.
public final class InternalHeaders {
    public static final String PREFIX = "x-llmserve-";

    /// The id of the request as the gateway returns it to the client, beside `X-Request-Id`.
    public static final String REQUEST_ID = PREFIX + "request-id";

    private InternalHeaders() {}
}
