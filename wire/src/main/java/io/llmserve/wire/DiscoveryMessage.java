package io.llmserve.wire;

/// One message from a worker to the gateway it registers with; msgpack maps over ZeroMQ.
public sealed interface DiscoveryMessage {
    /// A heartbeat every so often keeps a worker in.
    long HEARTBEAT_SECONDS = 2;

    /// Longer messages are refused unread.
    int MAX_BYTES = 64 << 10;

    /// A worker that is ready for requests. Said again it replaces what was said before.
    record Register(WorkerAnnouncement worker) implements DiscoveryMessage {}

    /// Still there. [DiscoveryReply#UNKNOWN] asks it to register again.
    record Heartbeat(String id) implements DiscoveryMessage {}

    /// No more requests, please; what runs may end.
    record Leave(String id) implements DiscoveryMessage {}

    static DiscoveryMessage decode(byte[] message) {
        return DiscoveryReader.read(message);
    }

    default byte[] encode() {
        return DiscoveryWriter.write(this);
    }
}
