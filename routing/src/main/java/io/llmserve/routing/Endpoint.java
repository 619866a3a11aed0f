package io.llmserve.routing;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;

/// A worker that may get the request, as it stands now. A snapshot.
///
/// @param inFlight requests of ours that it has
/// @param prefillingTokens prompt tokens, by our estimate, that it was sent and has not computed yet
/// @param pageKind pages pass only between workers of one kind; empty where it neither hands over nor fetches
public record Endpoint(HostPort address, WorkerRole role, int inFlight, double prefillingTokens, String pageKind) {}
