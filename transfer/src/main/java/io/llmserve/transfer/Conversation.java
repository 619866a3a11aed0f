package io.llmserve.transfer;

import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.Link;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import io.llmserve.transfer.link.Watchdog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLException;

/// Messages over one link: `length u32`, then the message. Before the first one each side sends the
/// preamble (`magic u32, version u32`), so that another version is told as such and never misread. Read
/// by one thread, written by any.
final class Conversation implements AutoCloseable {
    static final int MAGIC = 0x4C4C4B56; // "LLKV"
    static final int VERSION = 2;

    private final Link link;
    private final Watchdog.Watch reading;
    private final Watchdog.Watch writing;
    private final ReentrantLock writeLock = new ReentrantLock();

    Conversation(Link link, Watchdog watchdog) {
        this.link = link;
        this.reading = watchdog.over(link);
        this.writing = watchdog.over(link);
    }

    Link link() {
        return link;
    }

    void sendPreamble(Deadline deadline) {
        write(deadline, preamble());
    }

    /// The preamble and a first message at once. What the other side speaks is seen at its answer.
    void begin(Message first, Deadline deadline) {
        ByteBuffer body = MessageCodec.encode(first);
        write(deadline, preamble(), length(body), body);
    }

    private static ByteBuffer preamble() {
        return ByteBuffer.allocate(8).putInt(MAGIC).putInt(VERSION).flip();
    }

    private static ByteBuffer length(ByteBuffer body) {
        return ByteBuffer.allocate(4).putInt(body.remaining()).flip();
    }

    void expectPreamble(Deadline deadline) {
        ByteBuffer preamble = read(8, deadline);
        int magic = preamble.getInt();
        int version = preamble.getInt();
        if (magic != MAGIC) {
            throw new TransferException(
                    TransferFailure.PROTOCOL, "%s speaks no KV transfer protocol".formatted(link.peer()));
        }
        if (version != VERSION) {
            throw new TransferException(
                    TransferFailure.VERSION,
                    "%s speaks version %d of the KV transfer protocol, we speak %d"
                            .formatted(link.peer(), version, VERSION));
        }
    }

    void send(Message message, Deadline deadline) {
        ByteBuffer body = MessageCodec.encode(message);
        write(deadline, length(body), body);
    }

    Message receive(Deadline deadline) {
        int length = read(4, deadline).getInt();
        if (length <= 0 || length > MessageCodec.MAX_BYTES) {
            throw new TransferException(
                    TransferFailure.PROTOCOL,
                    "%s announced a message of %d bytes, the most is %d"
                            .formatted(link.peer(), length, MessageCodec.MAX_BYTES));
        }
        return MessageCodec.decode(read(length, deadline));
    }

    /// Whether a message has begun to arrive.
    boolean pending() {
        try {
            return link.ready();
        } catch (IOException e) {
            throw failed(reading, e);
        }
    }

    private ByteBuffer read(int bytes, Deadline deadline) {
        ByteBuffer into = ByteBuffer.allocate(bytes);
        reading.until(deadline);
        try {
            link.read(into);
        } catch (IOException e) {
            throw failed(reading, e);
        } finally {
            reading.rest();
        }
        return into.flip();
    }

    private void write(Deadline deadline, ByteBuffer... parts) {
        writeLock.lock();
        try {
            writing.until(deadline);
            link.write(parts);
        } catch (IOException e) {
            throw failed(writing, e);
        } finally {
            writing.rest();
            writeLock.unlock();
        }
    }

    private TransferException failed(Watchdog.Watch watch, IOException cause) {
        return failure(link.peer(), watch, cause);
    }

    /// What an I/O error of a link means.
    static TransferException failure(String peer, Watchdog.Watch watch, IOException cause) {
        if (watch.bitten()) {
            return new TransferException(TransferFailure.DEADLINE, "%s did not go on in time".formatted(peer), cause);
        }
        return switch (cause) {
            case ClosedByInterruptException interrupted ->
                new TransferException(TransferFailure.CANCELLED, "transfer with %s cancelled".formatted(peer), cause);
            case SSLException tls ->
                new TransferException(
                        TransferFailure.ENCRYPTION, "TLS with %s failed: %s".formatted(peer, tls.getMessage()), tls);
            default ->
                new TransferException(
                        TransferFailure.CONNECTION_LOST,
                        "connection with %s lost: %s"
                                .formatted(peer, Objects.requireNonNullElse(cause.getMessage(), cause.toString())),
                        cause);
        };
    }

    @Override
    public void close() {
        link.close();
    }
}
