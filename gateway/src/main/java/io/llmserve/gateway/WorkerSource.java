package io.llmserve.gateway;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.wire.WorkerAnnouncement;

/// Where workers are known from, besides those that register themselves.
public sealed interface WorkerSource {
    WorkerRole role();

    /// One address.
    record Fixed(HostPort address, WorkerRole role) implements WorkerSource {}

    /// A worker whose announcement is known, as it runs in the same process.
    record Announced(WorkerAnnouncement worker) implements WorkerSource {
        @Override
        public WorkerRole role() {
            return worker.role();
        }
    }

    /// Every address that a name has, asked again and again: as a headless service in Kubernetes.
    record Dns(String name, int port, WorkerRole role) implements WorkerSource {
        public Dns {
            check(!name.isBlank(), "the name of a DNS source must not be empty");
            check(port > 0 && port <= 65_535, "the port of %s must be 1 to 65535, got %d", name, port);
        }
    }

    /// A worker that does everything, at this address.
    static WorkerSource at(String host, int port) {
        return new Fixed(new HostPort(host, port), WorkerRole.BOTH);
    }
}
