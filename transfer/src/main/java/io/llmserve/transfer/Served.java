package io.llmserve.transfer;

import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.Link;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import io.llmserve.transfer.link.Watchdog;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/// What a server serves, and the transfers that run, by the token that their data connections show.
final class Served {
    private final String engineId;
    private final PageFormat format;
    private final DataEngines engines;
    private final Exports exports;
    private final TransferOptions options;
    private final TransferListener listener;
    private final SecureRandom random = new SecureRandom();
    private final Semaphore places;
    private final Map<ByteBuffer, ServedTransfer> running = new ConcurrentHashMap<>();

    Served(
            String engineId,
            PageFormat format,
            DataEngines engines,
            Exports exports,
            TransferOptions options,
            TransferListener listener) {
        this.engineId = engineId;
        this.format = format;
        this.engines = engines;
        this.exports = exports;
        this.options = options;
        this.listener = listener;
        this.places = new Semaphore(options.maxTransfers());
    }

    TransferListener listener() {
        return listener;
    }

    TransferOptions options() {
        return options;
    }

    Exports exports() {
        return exports;
    }

    DataEngines engines() {
        return engines;
    }

    int pageBytes() {
        return format.pageBytes();
    }

    int transfers() {
        return running.size();
    }

    /// A control connection, from its first message to its end.
    void control(Conversation conversation, Message.Hello hello) {
        if (!places.tryAcquire()) {
            throw refuse(
                    conversation,
                    TransferFailure.BUSY,
                    "serves %d transfers, the most it may".formatted(options.maxTransfers()));
        }
        byte[] token = new byte[Message.TOKEN_BYTES];
        random.nextBytes(token);
        ByteBuffer key = ByteBuffer.wrap(token).asReadOnlyBuffer();
        try {
            check(conversation, hello);
            ServedTransfer transfer = new ServedTransfer(this, conversation, hello.transferId());
            running.put(key, transfer);
            conversation.send(new Message.Welcome(token, engines.offers()), Deadline.after(options.idleTimeout()));
            transfer.run();
        } finally {
            running.remove(key);
            places.release();
        }
    }

    private void check(Conversation conversation, Message.Hello hello) {
        if (!hello.engineId().equals(engineId)) {
            throw refuse(
                    conversation,
                    TransferFailure.WRONG_ENGINE,
                    "is engine %s, not %s".formatted(engineId, hello.engineId()));
        }
        format.difference(hello.format()).ifPresent(difference -> {
            throw refuse(conversation, TransferFailure.FORMAT, "has pages that do not fit: " + difference);
        });
    }

    private TransferException refuse(Conversation conversation, TransferFailure kind, String reason) {
        conversation.send(new Message.Refused(kind, reason), Deadline.after(options.idleTimeout()));
        return new TransferException(
                kind, "refused %s: %s".formatted(conversation.link().peer(), reason));
    }

    /// A data connection of the TCP engine, through all its transfers.
    void streams(Conversation conversation, Watchdog watchdog, Message.Attach first) {
        Optional<Message.Attach> attach = Optional.of(first);
        while (attach.isPresent() && stream(conversation.link(), watchdog, attach.get())) {
            attach = next(conversation);
        }
    }

    private boolean stream(Link link, Watchdog watchdog, Message.Attach attach) {
        ServedTransfer transfer = running.get(ByteBuffer.wrap(attach.token()));
        if (transfer == null) {
            throw new TransferException(
                    TransferFailure.UNKNOWN_TRANSFER,
                    "%s: a data connection for no running transfer".formatted(link.peer()));
        }
        return new ServedStream(transfer, link, watchdog, options.idleTimeout()).run();
    }

    /// A connection at rest may end without a word.
    private static Optional<Message.Attach> next(Conversation conversation) {
        try {
            return conversation.receive(Deadline.after(TcpStream.REST)) instanceof Message.Attach attach
                    ? Optional.of(attach)
                    : Optional.empty();
        } catch (TransferException e) {
            return Optional.empty();
        }
    }
}
