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
    private final OutgoingParts outgoing;

    ServedStream(ServedTransfer transfer, Link link, Watchdog watchdog, Duration idleTimeout) {
        this.transfer = transfer;
        this.link = link;
        this.watch = watchdog.over(link);
        this.idleTimeout = idleTimeout;
        this.outgoing = new OutgoingParts(link);
    }

    /// Until the receiver releases it (true), or ends it, or the transfer ends and closes the link. Between
    /// batches it may be silent: the control connection sees to a receiver that hangs.
    boolean run() {
        if (!transfer.attach(link)) {
            return false;
        }
        try {
            for (ByteBuffer asked = request(); asked.hasRemaining(); asked = request()) {
                while (asked.hasRemaining()) {
                    watch.until(Deadline.after(idleTimeout));
                    int index = asked.getInt();
                    outgoing.page(index, transfer.page(index));
                }
                outgoing.flush();
                watch.rest();
            }
            return true;
        } catch (EOFException e) {
            return false; // The receiver needs this stream no more.
        } catch (IOException e) {
            if (transfer.attached(link)) {
                throw Conversation.failure(link.peer(), watch, e);
            }
            return false;
        } finally {
            transfer.detach(link);
        }
    }

    /// What is asked for; nothing when the stream is released.
    private ByteBuffer request() throws IOException {
        ByteBuffer size = ByteBuffer.allocate(4);
        link.read(size);
        int count = size.getInt(0);
        if (count < 0 || count > TcpStream.MAX_ASKED) {
            throw new TransferException(
                    TransferFailure.PROTOCOL,
                    "%s asked for %d pages at once, %d are allowed".formatted(link.peer(), count, TcpStream.MAX_ASKED));
        }
        ByteBuffer indexes = ByteBuffer.allocate(4 * count);
        link.read(indexes);
        return indexes.flip();
    }
}
