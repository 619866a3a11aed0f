package io.llmserve.control;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;

/// A worker process of this machine before it is started.
///
/// @param http where it will answer
public record PlannedWorker(WorkerRole role, Launch launch, HostPort http) {}
