package io.llmserve.transfer;

import io.llmserve.transfer.link.Deadline;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Data connections of the TCP engine between two transfers, by peer: a new connection costs a handshake and
/// is slow until both ends have found the right window. Each is closed when it has rested too long. Used by
/// all fetches of a client.
final class RestingLanes implements AutoCloseable {
    /// Less than what the sender allows ([TcpStream#REST]).
    private static final Duration REST = Duration.ofSeconds(15);
    private static final int PEERS = 64;

    private final int lanesPerPeer;
    private final Map<PeerAddress, ArrayDeque<TcpLane>> resting = new HashMap<>();
    private boolean closed;

    RestingLanes(int lanesPerPeer) {
        this.lanesPerPeer = lanesPerPeer;
    }

    /// One that is still good, with the time until `deadline` to show it.
    synchronized Optional<TcpLane> take(PeerAddress peer, Deadline deadline) {
        ArrayDeque<TcpLane> lanes = resting.getOrDefault(peer, new ArrayDeque<>());
        while (!lanes.isEmpty()) {
            TcpLane lane = lanes.removeLast();
            if (lane.keepUntil(deadline)) {
                return Optional.of(lane);
            }
            lane.close();
        }
        resting.remove(peer);
        return Optional.empty();
    }

    synchronized void put(PeerAddress peer, TcpLane lane) {
        if (closed || !lane.keepUntil(Deadline.after(REST))) {
            lane.close();
            return;
        }
        if (resting.size() >= PEERS && !resting.containsKey(peer)) {
            endAll();
        }
        ArrayDeque<TcpLane> lanes = resting.computeIfAbsent(peer, _ -> new ArrayDeque<>());
        lanes.addLast(lane);
        if (lanes.size() > lanesPerPeer) {
            lanes.removeFirst().close();
        }
    }

    private void endAll() {
        resting.values().forEach(lanes -> lanes.forEach(TcpLane::close));
        resting.clear();
    }

    @Override
    public synchronized void close() {
        closed = true;
        endAll();
    }
}
