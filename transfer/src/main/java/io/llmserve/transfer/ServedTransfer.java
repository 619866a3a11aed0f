package io.llmserve.transfer;

import io.llmserve.core.ServeException;
import io.llmserve.transfer.Message.ReadyPage;
import io.llmserve.transfer.TransferListener.Side;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PairedEngine;
import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.Link;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/// One transfer as the sender sees it. The connection's own thread reads what the receiver says; a second
/// one, the announcer, waits for pages and says which are ready. The export is given back when neither it
/// nor any data connection can touch a page any more.
final class ServedTransfer {
    /// So many bytes with a checksum are announced at once, at least one page: the receiver reads while we
    /// compute the next.
    private static final int ANNOUNCED_BYTES = 4 << 20;
    private static final int ANNOUNCED_PAGES = 1024;

    private final Served served;
    private final Conversation conversation;
    private final String transferId;
    private final long startNanos = System.nanoTime();
    private final Set<Link> streams = new HashSet<>();
    private boolean ended;
    private volatile int announced;
    /// Our part, if the receiver's engine needs one; of the connection's own thread.
    private PairedEngine.@Nullable Giver giver;

    private volatile @Nullable Export export;
    private volatile @Nullable TransferException refused;
    /// The receiver's choice; what is announced depends on it.
    private final CountDownLatch chosen = new CountDownLatch(1);
    private volatile EngineKind engine = EngineKind.TCP;

    ServedTransfer(Served served, Conversation conversation, String transferId) {
        this.served = served;
        this.conversation = conversation;
        this.transferId = transferId;
    }

    void run() {
        Thread announcer = Thread.ofVirtual().name("kv-announcer").start(this::announce);
        Optional<Message.Done> done = Optional.empty();
        try {
            done = Optional.of(listen());
        } catch (TransferException e) {
            TransferException reason = refused;
            throw reason == null ? described(e) : reason;
        } finally {
            conversation.close();
            announcer.interrupt();
            boolean whole = done.isPresent() && done.get().whole();
            endGiver(whole);
            endStreams(whole);
            Joined.with(announcer);
            giveBack(done.isPresent());
        }
        report(done.get());
    }

    private Message.Done listen() {
        while (true) {
            switch (conversation.receive(Deadline.after(served.options().idleTimeout()))) {
                case Message.Use use -> {
                    engine = use.engine();
                    chosen.countDown();
                    served.listener()
                            .engineChosen(transferId, conversation.link().peer(), use.engine(), use.reason());
                }
                case Message.Pair pair -> pair(pair);
                case Message.Ask ask ->
                    giver().give(ask.pages().stream().map(this::page).toList());
                case Message.Taken taken -> {}
                case Message.Done done -> {
                    return done;
                }
                case Message other ->
                    throw new TransferException(
                            TransferFailure.PROTOCOL,
                            "%s sent an unexpected %s"
                                    .formatted(
                                            conversation.link().peer(),
                                            other.getClass().getSimpleName()));
            }
        }
    }

    private void pair(Message.Pair pair) {
        endGiver(false);
        String reason = "";
        try {
            giver = served.engines()
                    .paired(pair.engine())
                    .orElseThrow(() -> new TransferException(
                            TransferFailure.ENGINE, "%s needs no pair, or is not open".formatted(pair.engine())))
                    .pair(pair.id(), pair.fresh(), served.pageBytes());
        } catch (TransferException e) {
            reason = e.text();
        }
        send(new Message.Paired(reason));
    }

    private PairedEngine.Giver giver() {
        PairedEngine.Giver giving = giver;
        if (giving == null) {
            throw new TransferException(
                    TransferFailure.PROTOCOL,
                    "%s asked for pages without a pair"
                            .formatted(conversation.link().peer()));
        }
        return giving;
    }

    private void endGiver(boolean whole) {
        PairedEngine.Giver giving = giver;
        giver = null;
        if (giving != null) {
            giving.end(whole);
        }
    }

    private TransferException described(TransferException e) {
        Export found = export;
        String pages = found == null ? "no pages" : "%d of %d pages".formatted(announced, found.pages());
        return new TransferException(
                e.kind(), "transfer %s with %s ready: %s".formatted(transferId, pages, e.text()), e);
    }

    private void announce() {
        try {
            Export found = find();
            if (found != null) {
                export = found;
                chosen.await();
                announce(found);
            }
        } catch (ServeException e) {
            refuse(TransferFailure.EXPORT_FAILED, e.messageText());
        } catch (TransferException e) {
            // The connection has ended; its own thread says why.
            conversation.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            refuse(TransferFailure.EXPORT_FAILED, e.toString());
        }
    }

    private @Nullable Export find() throws InterruptedException {
        Duration patience = served.options().unknownTransferWait();
        Deadline deadline = Deadline.after(patience);
        while (true) {
            Optional<Export> found = served.exports()
                    .find(transferId, deadline.orEarlier(served.options().heartbeat()));
            if (found.isPresent()) {
                return found.get();
            }
            if (deadline.passed()) {
                refuse(
                        TransferFailure.UNKNOWN_TRANSFER,
                        "has no pages for %s and none came in %s".formatted(transferId, patience));
                return null;
            }
            send(new Message.Waiting());
        }
    }

    private void announce(Export found) throws InterruptedException {
        int total = found.pages();
        if (total == 0) {
            send(new Message.Ready(0, 0, List.of()));
        }
        while (announced < total) {
            int ready =
                    found.awaitReady(announced, Deadline.after(served.options().heartbeat()));
            if (ready <= announced) {
                send(new Message.Waiting());
            }
            while (announced < ready) {
                announce(found, total, ready);
            }
        }
    }

    private void announce(Export found, int total, int ready) {
        boolean summed = engine != EngineKind.TCP;
        int atOnce = summed ? Math.clamp(ANNOUNCED_BYTES / served.pageBytes(), 1, ANNOUNCED_PAGES) : ANNOUNCED_PAGES;
        int first = announced;
        int end = Math.min(ready, first + atOnce);
        List<ReadyPage> pages = new ArrayList<>(end - first);
        for (int index = first; index < end; index++) {
            long offset = found.pageOffset(index);
            pages.add(new ReadyPage(offset, found.blockHash(index), summed ? Checksum.of(slice(offset)) : 0));
        }
        announced = end;
        send(new Message.Ready(total, first, pages));
    }

    private MemorySegment slice(long offset) {
        return served.engines().memory().segment().asSlice(offset, served.pageBytes());
    }

    /// The bytes of a page that the receiver may ask for.
    MemorySegment page(int index) {
        Export found = export;
        if (found == null || index < 0 || index >= announced) {
            throw new TransferException(
                    TransferFailure.PROTOCOL,
                    "%s asked for page %d of transfer %s, %d are ready"
                            .formatted(conversation.link().peer(), index, transferId, announced));
        }
        return slice(found.pageOffset(index));
    }

    private void refuse(TransferFailure kind, String reason) {
        refused = new TransferException(
                kind, "refused %s: %s".formatted(conversation.link().peer(), reason));
        try {
            send(new Message.Refused(kind, reason));
        } catch (TransferException e) {
            conversation.close();
        }
    }

    private void send(Message message) {
        conversation.send(message, Deadline.after(served.options().idleTimeout()));
    }

    synchronized boolean attach(Link stream) {
        return !ended && streams.add(stream);
    }

    synchronized boolean attached(Link stream) {
        return !ended && streams.contains(stream);
    }

    synchronized void detach(Link stream) {
        streams.remove(stream);
        notifyAll();
    }

    /// When the receiver is content it has released its streams too, though we may not have heard of it yet.
    private synchronized void endStreams(boolean released) {
        ended = true;
        Deadline patience = Deadline.after(released ? served.options().heartbeat() : Duration.ZERO);
        boolean interrupted = false;
        while (!streams.isEmpty()) {
            if (patience.passed()) {
                streams.forEach(Link::close);
            }
            try {
                wait(Math.max(1, patience.remainingNanos() / 1_000_000));
            } catch (InterruptedException e) {
                interrupted = true;
                patience = Deadline.after(Duration.ZERO);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void giveBack(boolean completed) {
        Export found = export;
        if (found == null && completed) {
            served.exports().unwanted(transferId);
        }
        if (found != null) {
            try (found) {
                if (completed) {
                    found.completed();
                }
            }
        }
    }

    private void report(Message.Done done) {
        String peer = conversation.link().peer();
        if (done.whole()) {
            Duration elapsed = Duration.ofNanos(System.nanoTime() - startNanos);
            long bytes = (long) done.pages() * served.pageBytes();
            served.listener()
                    .completed(
                            Side.SENDER,
                            new TransferReport(transferId, peer, engine, done.pages(), bytes, elapsed, elapsed));
        } else {
            served.listener()
                    .failed(
                            Side.SENDER,
                            TransferFailure.CANCELLED,
                            "%s gave up transfer %s after %d pages".formatted(peer, transferId, done.pages()));
        }
    }
}
