package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.wire.DiscoveryMessage;
import io.llmserve.wire.DiscoveryMessage.Heartbeat;
import io.llmserve.wire.DiscoveryMessage.Leave;
import io.llmserve.wire.DiscoveryMessage.Register;
import io.llmserve.wire.DiscoveryReply;
import io.llmserve.wire.WorkerAnnouncement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The workers that registered themselves and when each was last heard of. Silence takes one out; its next
/// message asks it to register again. Owned by one thread; time is an argument.
final class Registry {
    private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

    private final WorkerPool pool;
    private final long silenceNanos;
    private final int maxWorkers;
    private final Map<String, Heard> workers = new HashMap<>();

    Registry(WorkerPool pool, Duration silence, int maxWorkers) {
        this.pool = pool;
        this.silenceNanos = silence.toNanos();
        this.maxWorkers = maxWorkers;
    }

    private record Heard(WorkerAnnouncement worker, long nanos) {}

    DiscoveryReply accept(DiscoveryMessage message, long nowNanos) {
        return switch (message) {
            case Register(WorkerAnnouncement worker) -> register(worker, nowNanos);
            case Heartbeat(String id) -> heartbeat(id, nowNanos);
            case Leave(String id) -> leave(id);
        };
    }

    /// Takes out those that were silent for too long.
    void expire(long nowNanos) {
        for (Iterator<Heard> each = workers.values().iterator(); each.hasNext(); ) {
            Heard heard = each.next();
            if (nowNanos - heard.nanos() > silenceNanos) {
                each.remove();
                remove(heard.worker().httpAddress());
                LOG.warn(
                        "worker {} ({}) is out: not heard of for {} ms",
                        heard.worker().httpAddress(),
                        heard.worker().role().wireName(),
                        (nowNanos - heard.nanos()) / 1_000_000);
            }
        }
    }

    int size() {
        return workers.size();
    }

    private DiscoveryReply register(WorkerAnnouncement worker, long nowNanos) {
        Heard before = workers.get(worker.id());
        if (before == null && workers.size() >= maxWorkers) {
            LOG.warn("worker {} is refused: {} are registered, the most there may be", worker.id(), maxWorkers);
            return DiscoveryReply.UNKNOWN;
        }
        if (before != null && !before.worker().httpAddress().equals(worker.httpAddress())) {
            remove(before.worker().httpAddress());
        }
        // A process that was restarted at the same address has another id.
        workers.values().removeIf(heard -> heard.worker().httpAddress().equals(worker.httpAddress()));
        workers.put(worker.id(), new Heard(worker, nowNanos));
        pool.add(worker);
        if (before == null) {
            LOG.info(
                    "worker {} has registered for {}",
                    worker.httpAddress(),
                    worker.role().wireName());
        }
        return DiscoveryReply.WELCOME;
    }

    private DiscoveryReply heartbeat(String id, long nowNanos) {
        Heard heard = workers.get(id);
        if (heard == null) {
            return DiscoveryReply.UNKNOWN;
        }
        workers.put(id, new Heard(heard.worker(), nowNanos));
        return DiscoveryReply.WELCOME;
    }

    private DiscoveryReply leave(String id) {
        Heard heard = workers.remove(id);
        if (heard != null) {
            remove(heard.worker().httpAddress());
            LOG.info("worker {} has left", heard.worker().httpAddress());
        }
        return DiscoveryReply.WELCOME;
    }

    private void remove(HostPort address) {
        pool.remove(address);
    }
}
