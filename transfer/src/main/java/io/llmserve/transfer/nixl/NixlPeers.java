package io.llmserve.transfer.nixl;

import io.llmserve.transfer.link.Deadline;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/// The peers that are loaded into our agent, with its connections to them, by their metadata. A peer stays
/// loaded while somebody reads from it and, when that went well, for a while after; one that failed or
/// rested too long is forgotten with its connections. Used by all readers of an engine.
final class NixlPeers implements AutoCloseable {
    /// How long a peer may rest; it is forgotten when the next reader comes or goes.
    private static final Duration REST = Duration.ofSeconds(60);

    private static final int MOST = 64;

    private final NixlLibrary nixl;
    private final long agent;
    private final Map<ByteBuffer, Peer> loaded = new HashMap<>();

    /// A peer; guarded by the map's owner.
    static final class Peer {
        private final String name;
        private int readers;
        private boolean failed;
        private Deadline until = Deadline.after(REST);

        private Peer(String name) {
            this.name = name;
        }

        /// Of its agent.
        String name() {
            return name;
        }
    }

    NixlPeers(NixlLibrary nixl, long agent) {
        this.nixl = nixl;
        this.agent = agent;
    }

    synchronized Peer borrow(byte[] metadata) {
        forgetThoseThatRestedTooLong();
        Peer peer = loaded.computeIfAbsent(ByteBuffer.wrap(metadata), _ -> new Peer(nixl.loadPeer(agent, metadata)));
        peer.readers++;
        return peer;
    }

    /// @param failed the connections may be broken
    synchronized void giveBack(Peer peer, boolean failed) {
        peer.readers--;
        peer.failed |= failed;
        peer.until = Deadline.after(REST);
        forgetThoseThatRestedTooLong();
    }

    private void forgetThoseThatRestedTooLong() {
        for (Iterator<Peer> each = loaded.values().iterator(); each.hasNext(); ) {
            Peer peer = each.next();
            if (peer.readers == 0 && (peer.failed || peer.until.passed() || loaded.size() > MOST)) {
                each.remove();
                nixl.forgetPeer(agent, peer.name);
            }
        }
    }

    @Override
    public synchronized void close() {
        loaded.values().forEach(peer -> nixl.forgetPeer(agent, peer.name));
        loaded.clear();
    }
}
