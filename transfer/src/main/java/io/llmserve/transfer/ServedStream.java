package io.llmserve.transfer;

import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.Link;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import io.llmserve.transfer.link.Watchdog;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/// The sender's end of one data connection: pages that are asked for go out straight from page memory.
final class ServedStream {
    private final ServedTransfer transfer;
    private final Link link;
    private final Watchdog.Watch watch;
    private final Duration idleTimeout;

    ServedStream(ServedTransfer transfer, Link link, Watchdog watchdog, Duration idleTimeout) {
        this.transfer = transfer;
        this.link = link;
        this.watch = watchdog.over(link);
        this.idleTimeout = idleTimeout;
    }

    /// Until the receiver ends it, or the transfer ends and closes the link. Between batches it may be
    /// silent: the control connection sees to a receiver that hangs.
    void run() {
        if (!transfer.attach(link)) {
            return;
        }
        try {
            while (true) {
                ByteBuffer asked = request();
                while (asked.hasRemaining()) {
                    watch.until(Deadline.after(idleTimeout));
                    send(asked.getInt());
                }
                watch.rest();
            }
        } catch (EOFException e) {
            // The receiver needs this stream no more.
        } catch (IOException e) {
            if (transfer.attached(link)) {
                throw Conversation.failure(link.peer(), watch, e);
            }
        } finally {
            transfer.detach(link);
        }
    }

    private ByteBuffer request() throws IOException {
        ByteBuffer size = ByteBuffer.allocate(4);
        link.read(size);
        int count = size.getInt(0);
        if (count <= 0 || count > TcpStream.MAX_ASKED) {
            throw new TransferException(
                    TransferFailure.PROTOCOL,
                    "%s asked for %d pages at once, 1 to %d are allowed"
                            .formatted(link.peer(), count, TcpStream.MAX_ASKED));
        }
        ByteBuffer indexes = ByteBuffer.allocate(4 * count);
        link.read(indexes);
        return indexes.flip();
    }

    private void send(int index) throws IOException {
        ByteBuffer page = transfer.page(index).asByteBuffer();
        ByteBuffer header = ByteBuffer.allocate(TcpStream.HEADER_BYTES)
                .putInt(TcpStream.PAGE_MAGIC)
                .putInt(index)
                .putInt(page.remaining())
                .flip();
        link.write(header, page);
    }
}
