package io.llmserve.transfer;

import io.llmserve.core.ServeException;
import io.llmserve.transfer.Message.ReadyPage;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageRead;
import io.llmserve.transfer.data.PageReader;
import io.llmserve.transfer.data.PairedEngine;
import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One transfer as the receiver sees it; lives on the caller's thread. What the peer has announced is
/// read in batches: while one is read, the next are announced.
final class Fetch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Fetch.class);
    /// The most that one batch may bring, so that a peer hears from us in time.
    private static final long BATCH_BYTES = 128 << 20;

    private final TransferClient client;
    private final PeerAddress peer;
    private final Message.Hello hello;
    private final PageSink sink;
    private final Duration patience;
    /// Put off whenever the peer announces pages: a long prompt takes its time, one that stands still does not.
    private Deadline deadline;
    private final long startNanos = System.nanoTime();
    private final Conversation conversation;

    private final PairedEngine.Talk talk = new PairedEngine.Talk() {
        @Override
        public void pair(byte[] id, boolean fresh) {
            Fetch.this.pair(EngineKind.NCCL, id, fresh);
        }

        @Override
        public void ask(List<PageRead> pages) {
            List<Integer> indexes = pages.stream().map(PageRead::index).toList();
            conversation.send(new Message.Ask(indexes), limit());
        }
    };

    private final List<ReadyPage> ready = new ArrayList<>();
    private int total = -1;
    private byte[] token = new byte[0];
    private EngineChoice.@Nullable Chosen chosen;
    private @Nullable PageReader reader;
    private int moved;
    private long movingNanos;
    private long toldNanos = startNanos;

    Fetch(TransferClient client, PeerAddress peer, Message.Hello hello, PageSink sink, Duration patience) {
        this.client = client;
        this.peer = peer;
        this.hello = hello;
        this.sink = sink;
        this.patience = patience;
        this.deadline = Deadline.after(patience);
        this.conversation = client.connect(peer, deadline);
    }

    TransferReport run() {
        try {
            EngineChoice choice = greet();
            choose(choice);
            for (int from = 0; total < 0 || from < total; ) {
                if (ready.size() == from) {
                    listen();
                }
                int end = ready.size();
                read(choice, from, end);
                from = end;
            }
            closeReader();
            finish(true);
            return report();
        } catch (TransferException e) {
            giveUp(e.kind());
            throw described(e);
        } catch (ServeException e) {
            giveUp(TransferFailure.RECEIVER_FULL);
            throw e;
        }
    }

    private EngineChoice greet() {
        conversation.begin(hello, limit());
        conversation.expectPreamble(limit());
        switch (conversation.receive(limit())) {
            case Message.Welcome welcome -> {
                token = welcome.token();
                return new EngineChoice(client.engines(), welcome.offers(), pageBytes(), talk, this::tcpReader);
            }
            case Message.Refused refused -> throw new TransferException(refused.kind(), refused.reason());
            case Message other -> throw unexpected(other);
        }
    }

    private TcpReader tcpReader() {
        return new TcpReader(
                client.engines().memory().segment(),
                pageBytes(),
                client.options().streams(),
                this::lane,
                this::release);
    }

    private TcpLane lane() {
        TcpLane lane = client.lanes()
                .take(peer, limit())
                .orElseGet(() -> new TcpLane(
                        client.connect(peer, deadline),
                        client.watchdog(),
                        client.options().idleTimeout()));
        try {
            lane.attach(token, limit());
            return lane;
        } catch (TransferException e) {
            lane.close();
            throw e;
        }
    }

    private void release(TcpLane lane) {
        if (lane.release(Deadline.after(client.options().heartbeat()))) {
            client.lanes().put(peer, lane);
        } else {
            lane.close();
        }
    }

    private void choose(EngineChoice choice) {
        EngineChoice.Chosen next = choice.next();
        chosen = next;
        reader = next.reader();
        conversation.send(new Message.Use(next.kind(), choice.reason()), limit());
        client.chosen(hello.transferId(), peer, next, choice.reason());
    }

    /// Pages may be announced while the sender makes up its mind.
    private void pair(EngineKind engine, byte[] id, boolean fresh) {
        conversation.send(new Message.Pair(engine, id, fresh), limit());
        while (true) {
            switch (conversation.receive(limit())) {
                case Message.Paired paired -> {
                    if (!paired.reason().isEmpty()) {
                        throw new TransferException(TransferFailure.ENGINE, paired.reason() + " (at the peer)");
                    }
                    return;
                }
                case Message.Ready more -> add(more);
                case Message.Waiting() -> stillHere();
                case Message.Refused refused -> throw new TransferException(refused.kind(), refused.reason());
                case Message other -> throw unexpected(other);
            }
        }
    }

    /// Waits for announced pages and takes all that have been announced by then.
    private void listen() {
        int from = ready.size();
        long most = Math.max(1, BATCH_BYTES / pageBytes());
        do {
            switch (conversation.receive(limit())) {
                case Message.Ready more -> add(more);
                case Message.Waiting() -> stillHere();
                case Message.Refused refused -> throw new TransferException(refused.kind(), refused.reason());
                case Message other -> throw unexpected(other);
            }
        } while (ready.size() - from < most && ready.size() != total && conversation.pending());
    }

    private void add(Message.Ready more) {
        if (more.first() != ready.size() || (total >= 0 && more.total() != total)) {
            throw new TransferException(
                    TransferFailure.PROTOCOL,
                    "announced page %d of %d when page %d of %d was next"
                            .formatted(more.first(), more.total(), ready.size(), total));
        }
        total = more.total();
        deadline = Deadline.after(patience);
        ready.addAll(more.pages());
    }

    private void stillHere() {
        if (!sink.wanted()) {
            throw new TransferException(TransferFailure.CANCELLED, "the pages are not wanted any more");
        }
        toldNanos = System.nanoTime();
        conversation.send(new Message.Taken(moved), limit());
    }

    private void read(EngineChoice choice, int from, int end) {
        MemorySegment pages = client.engines().memory().segment();
        Arrivals arrivals = new Arrivals(wanted(from, end), ready, pages, pageBytes(), sink, this::arrivedOne);
        long start = System.nanoTime();
        List<PageRead> missing = arrivals.missing();
        while (!missing.isEmpty()) {
            EngineChoice.Chosen with = chosen();
            try {
                with.reader().read(missing, with.reader().checks() ? arrivals::checked : arrivals::unchecked, deadline);
            } catch (TransferException e) {
                if (e.kind() != TransferFailure.ENGINE) {
                    throw e;
                }
                closeReader();
                choice.excluded(with.kind(), e.text());
                choose(choice);
            }
            missing = arrivals.missing();
        }
        movingNanos += System.nanoTime() - start;
    }

    private List<PageRead> wanted(int from, int end) {
        List<PageRead> batch = new ArrayList<>();
        for (int index = from; index < end; index++) {
            long offset = sink.offsetFor(index, ready.get(index).hash());
            if (offset != PageSink.SKIP) {
                batch.add(new PageRead(index, ready.get(index).offset(), offset));
            }
        }
        return batch;
    }

    /// The peer hears from us while a long batch is on its way.
    private void arrivedOne() {
        moved++;
        if (System.nanoTime() - toldNanos > client.options().heartbeat().toNanos()) {
            stillHere();
        }
    }

    private EngineChoice.Chosen chosen() {
        EngineChoice.Chosen now = chosen;
        if (now == null) {
            throw new IllegalStateException("no data engine chosen yet");
        }
        return now;
    }

    private int pageBytes() {
        return client.format().pageBytes();
    }

    private Deadline limit() {
        return deadline.orEarlier(client.options().idleTimeout());
    }

    private TransferReport report() {
        EngineKind kind = chosen().kind();
        long elapsed = System.nanoTime() - startNanos;
        return new TransferReport(
                hello.transferId(),
                peer.toString(),
                kind,
                moved,
                (long) moved * pageBytes(),
                Duration.ofNanos(elapsed),
                Duration.ofNanos(movingNanos));
    }

    private void giveUp(TransferFailure kind) {
        if (kind != TransferFailure.CONNECTION_LOST) {
            finish(false);
        }
    }

    /// Lets the peer free its pages now. If it can't be told any more its lease ends without us; what we
    /// have, we have.
    private void finish(boolean whole) {
        try {
            conversation.send(
                    new Message.Done(whole, moved),
                    Deadline.after(client.options().heartbeat()));
        } catch (TransferException e) {
            LOG.debug("{} was not told that transfer {} has ended: {}", peer, hello.transferId(), e.text());
        }
    }

    private TransferException described(TransferException e) {
        String pages = total < 0 ? "no page" : "%d of %d pages".formatted(moved, total);
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        return new TransferException(
                e.kind(),
                "KV transfer %s from %s brought %s in %.1f s: %s"
                        .formatted(hello.transferId(), peer, pages, seconds, e.text()),
                e);
    }

    private TransferException unexpected(Message message) {
        return new TransferException(
                TransferFailure.PROTOCOL,
                "sent an unexpected %s".formatted(message.getClass().getSimpleName()));
    }

    private void closeReader() {
        PageReader open = reader;
        reader = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void close() {
        closeReader();
        conversation.close();
    }
}
