package io.llmserve.core;

/// What went wrong, in the words of the API: one kind, one HTTP status, one metric label, one OpenAI error type.
public enum Failure {
    INVALID_REQUEST(400, "BadRequestError"),
    UNAUTHORIZED(401, "AuthenticationError"),
    FORBIDDEN(403, "PermissionDeniedError"),
    NOT_FOUND(404, "NotFoundError"),
    METHOD_NOT_ALLOWED(405, "MethodNotAllowedError"),
    REQUEST_TIMEOUT(408, "RequestTimeoutError"),
    TOO_LARGE(413, "RequestTooLargeError"),
    UNSUPPORTED_MEDIA_TYPE(415, "UnsupportedMediaTypeError"),
    OVERLOADED(429, "RateLimitError"),
    INTERNAL(500, "InternalServerError"),
    UPSTREAM(502, "UpstreamError"),
    UNAVAILABLE(503, "ServiceUnavailableError"),
    TIMEOUT(504, "TimeoutError"),
    /// A file of ours or the user's is damaged or of an unknown kind; met at start, before there is HTTP.
    CORRUPT(500, "CorruptDataError"),
    /// The disk or the memory does not suffice; met at start.
    EXHAUSTED(500, "ResourceExhaustedError"),
    /// The manifest, a flag or an environment variable is wrong; met at start.
    CONFIGURATION(500, "ConfigurationError");

    private final int httpStatus;
    private final String type;

    Failure(int httpStatus, String type) {
        this.httpStatus = httpStatus;
        this.type = type;
    }

    public int httpStatus() {
        return httpStatus;
    }

    /// The `type` of the OpenAI error object, in vLLM's spelling.
    public String type() {
        return type;
    }

    /// The value of the metric label `reason`.
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
