package io.llmserve.transfer;

import io.llmserve.core.ServeException;
import io.llmserve.transfer.TransferListener.Side;
import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.Link;
import io.llmserve.transfer.link.Links;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import io.llmserve.transfer.link.Watchdog;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Fetches pages from other workers into our page memory. Any number of fetches may run at once, each on a
/// (virtual) thread of its caller's.
public final class TransferClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TransferClient.class);
    private static final int REMEMBERED_CHOICES = 1024;
    /// Fetches at once from one peer whose connections are kept for the next ones.
    private static final int RESTING_FETCHES = 4;

    private final PageFormat format;
    private final DataEngines engines;
    private final TransferOptions options;
    private final TransferListener listener;
    private final Links links;
    private final Watchdog watchdog = new Watchdog("kv-client-watchdog");
    private final RestingLanes lanes;
    /// Per peer, the choice last logged.
    private final Map<String, String> logged = new ConcurrentHashMap<>();

    public TransferClient(PageFormat format, DataEngines engines, TransferOptions options, TransferListener listener) {
        this.format = format;
        this.engines = engines;
        this.options = options;
        this.listener = listener;
        this.links = options.links();
        this.lanes = new RestingLanes(options.streams() * RESTING_FETCHES);
    }

    /// Brings all pages of `transferId` that `sink` wants, as they become ready at the peer; returns when
    /// all are there. Throws a [ServeException] that says what failed; what has arrived until then is
    /// whole and checked, and nothing is written into our pages afterwards.
    ///
    /// @param engineId the life of the worker that is meant
    /// @param patience how long the peer may announce no further page, though it lives
    public TransferReport fetch(
            PeerAddress peer, String engineId, String transferId, PageSink sink, Duration patience) {
        Message.Hello hello = new Message.Hello(engineId, transferId, format);
        try (Fetch fetch = new Fetch(this, peer, hello, sink, patience)) {
            TransferReport report = fetch.run();
            listener.completed(Side.RECEIVER, report);
            return report;
        } catch (TransferException e) {
            listener.failed(Side.RECEIVER, e.kind(), e.text());
            throw e.forCallers();
        } catch (ServeException e) {
            listener.failed(Side.RECEIVER, TransferFailure.RECEIVER_FULL, e.messageText());
            throw e;
        }
    }

    Conversation connect(PeerAddress peer, Deadline deadline) {
        Link link = links.connect(peer.host(), peer.port(), deadline.orEarlier(options.idleTimeout()));
        return new Conversation(link, watchdog);
    }

    RestingLanes lanes() {
        return lanes;
    }

    Watchdog watchdog() {
        return watchdog;
    }

    PageFormat format() {
        return format;
    }

    DataEngines engines() {
        return engines;
    }

    TransferOptions options() {
        return options;
    }

    /// Told on each fetch; logged when it is news for this peer.
    void chosen(String transferId, PeerAddress peer, EngineChoice.Chosen chosen, String reason) {
        listener.engineChosen(transferId, peer.toString(), chosen.kind(), reason);
        String choice = reason.isEmpty()
                ? "using " + chosen.kind().wireName()
                : "%s; using %s".formatted(reason, chosen.kind().wireName());
        if (logged.size() >= REMEMBERED_CHOICES) {
            logged.clear();
        }
        if (!choice.equals(logged.put(peer.toString(), choice))) {
            LOG.info("KV transfer from {}: {}", peer, choice);
        }
    }

    /// After all fetches have ended.
    @Override
    public void close() {
        lanes.close();
        watchdog.close();
    }
}
