package io.llmserve.gateway;

/// What is known of a request before its body.
///
/// @param uri path and query as the client sent them
/// @param startNanos when the head came
record RequestHead(Route route, String uri, Tenant tenant, String id, long startNanos) {}
