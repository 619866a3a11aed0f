package io.llmserve.transfer;

import io.llmserve.transfer.data.PageRead;
import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.Link;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.Watchdog;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.IntConsumer;

/// The receiver's end of one data connection. Two requests are kept on the way, so that the sender never
/// waits for us; pages are read straight into page memory. Serves one transfer after the other.
final class TcpLane implements AutoCloseable {
    private static final long REQUEST_BYTES = 2 << 20;
    private static final int REQUESTS_ON_THE_WAY = 2;

    private final Conversation conversation;
    private final Link link;
    private final Watchdog.Watch watch;
    private final Duration idleTimeout;
    private final ArrayDeque<PageRead> asked = new ArrayDeque<>();
    private final IncomingParts incoming;
    /// Bytes that have come of the first page of `asked`.
    private int next;
    private boolean begun;
    private boolean greeted;

    TcpLane(Conversation conversation, Watchdog watchdog, Duration idleTimeout) {
        this.conversation = conversation;
        this.link = conversation.link();
        this.watch = watchdog.over(link);
        this.idleTimeout = idleTimeout;
        this.incoming = new IncomingParts(link);
    }

    /// From now on it serves the transfer with this token.
    void attach(byte[] token, Deadline deadline) {
        Message.Attach attach = new Message.Attach(token);
        if (begun) {
            conversation.send(attach, deadline);
        } else {
            conversation.begin(attach, deadline);
            begun = true;
        }
    }

    void carry(Queue<PageRead> queue, MemorySegment pages, int pageBytes, IntConsumer arrived, Deadline deadline) {
        int request = Math.clamp(REQUEST_BYTES / pageBytes, 1, TcpStream.MAX_ASKED);
        try {
            while (true) {
                watch.until(deadline.orEarlier(idleTimeout));
                while (asked.size() <= request * (REQUESTS_ON_THE_WAY - 1) && ask(queue, request)) {}
                if (asked.isEmpty()) {
                    return;
                }
                greet(deadline.orEarlier(idleTimeout));
                for (int whole = receive(pages, pageBytes); whole > 0; whole--) {
                    arrived.accept(asked.remove().index());
                }
            }
        } catch (IOException e) {
            throw Conversation.failure(link.peer(), watch, e);
        } finally {
            watch.rest();
        }
    }

    private void greet(Deadline deadline) {
        if (!greeted) {
            conversation.expectPreamble(deadline);
            greeted = true;
        }
    }

    private boolean ask(Queue<PageRead> queue, int most) throws IOException {
        ByteBuffer request = ByteBuffer.allocate(4 + 4 * most).position(4);
        for (int count = 0; count < most; count++) {
            PageRead page = queue.poll();
            if (page == null) {
                break;
            }
            asked.add(page);
            request.putInt(page.index());
        }
        int count = request.position() / 4 - 1;
        if (count > 0) {
            link.write(request.putInt(0, count).flip());
        }
        return count == most;
    }

    /// Reads as many parts as one system call may bring; how many pages are whole now.
    private int receive(MemorySegment pages, int pageBytes) throws IOException {
        int whole = 0;
        for (PageRead page : asked) {
            while (next < pageBytes && incoming.takes(TcpStream.partBytes(next, pageBytes))) {
                int length = TcpStream.partBytes(next, pageBytes);
                incoming.expect(page.index(), next, pages.asSlice(page.localOffset() + next, length));
                next += length;
            }
            if (next < pageBytes) {
                break;
            }
            whole++;
            next = 0;
        }
        incoming.read();
        return whole;
    }

    /// The transfer has all it asked for on this connection; whether another one may have it.
    boolean release(Deadline deadline) {
        if (!greeted) {
            return false;
        }
        watch.until(deadline);
        try {
            link.write(ByteBuffer.allocate(4).putInt(TcpStream.RELEASE).flip());
            return true;
        } catch (IOException | TransferException e) {
            return false;
        }
    }

    /// The connection is closed at `until` from now on; false when that, or the other end, has done so
    /// already.
    boolean keepUntil(Deadline until) {
        watch.until(until);
        return !watch.bitten() && link.silent();
    }

    @Override
    public void close() {
        link.close();
    }
}
