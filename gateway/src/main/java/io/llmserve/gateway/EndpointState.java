package io.llmserve.gateway;

/// What a picker may know of a worker that could serve the request. A snapshot.
public record EndpointState(WorkerEndpoint endpoint, int inFlight) {}
