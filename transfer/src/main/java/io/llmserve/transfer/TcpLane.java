package io.llmserve.transfer;

import io.llmserve.transfer.data.PageRead;
import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.Link;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import io.llmserve.transfer.link.Watchdog;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.IntConsumer;

/// The receiver's end of one data connection. Two requests are kept on the way, so that the sender never
/// waits for us; pages are read straight into page memory.
final class TcpLane implements AutoCloseable {
    private static final long REQUEST_BYTES = 2 << 20;
    private static final int REQUESTS_ON_THE_WAY = 2;

    private final Link link;
    private final Watchdog.Watch watch;
    private final Duration idleTimeout;
    private final ArrayDeque<PageRead> asked = new ArrayDeque<>();

    TcpLane(Link link, Watchdog watchdog, Duration idleTimeout) {
        this.link = link;
        this.watch = watchdog.over(link);
        this.idleTimeout = idleTimeout;
    }

    void carry(Queue<PageRead> queue, MemorySegment pages, int pageBytes, IntConsumer arrived, Deadline deadline) {
        int request = Math.clamp(REQUEST_BYTES / pageBytes, 1, TcpStream.MAX_ASKED);
        try {
            while (true) {
                watch.until(deadline.orEarlier(idleTimeout));
                while (asked.size() <= request * (REQUESTS_ON_THE_WAY - 1) && ask(queue, request)) {}
                PageRead page = asked.poll();
                if (page == null) {
                    return;
                }
                receive(page, pages, pageBytes);
                arrived.accept(page.index());
            }
        } catch (IOException e) {
            throw Conversation.failure(link.peer(), watch, e);
        } finally {
            watch.rest();
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

    private void receive(PageRead page, MemorySegment pages, int pageBytes) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(TcpStream.HEADER_BYTES);
        link.read(header, pages.asSlice(page.localOffset(), pageBytes).asByteBuffer());
        int magic = header.flip().getInt();
        int index = header.getInt();
        int length = header.getInt();
        if (magic != TcpStream.PAGE_MAGIC || index != page.index() || length != pageBytes) {
            throw new TransferException(
                    TransferFailure.PROTOCOL,
                    "%s sent page %d of %d bytes, expected page %d of %d"
                            .formatted(link.peer(), index, length, page.index(), pageBytes));
        }
    }

    @Override
    public void close() {
        link.close();
    }
}
