package io.llmserve.transfer;

import io.llmserve.transfer.data.DataEngine;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageReader;
import io.llmserve.transfer.data.PairedEngine;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Walks the receiver's engine order and gives the first engine that works on both sides and with this
/// peer; asked again, the next one. Remembers why not the others.
final class EngineChoice {
    private final DataEngines engines;
    private final List<Offer> theirs;
    private final int pageBytes;
    private final PairedEngine.Talk talk;
    private final Supplier<PageReader> tcp;
    private final Iterator<Offer> order;
    private final List<String> reasons = new ArrayList<>();

    EngineChoice(
            DataEngines engines, List<Offer> theirs, int pageBytes, PairedEngine.Talk talk, Supplier<PageReader> tcp) {
        this.engines = engines;
        this.theirs = theirs;
        this.pageBytes = pageBytes;
        this.talk = talk;
        this.tcp = tcp;
        this.order = engines.offers().iterator();
    }

    record Chosen(EngineKind kind, PageReader reader) {}

    Chosen next() {
        while (order.hasNext()) {
            Offer ours = order.next();
            try {
                return new Chosen(ours.kind(), reader(ours));
            } catch (TransferException e) {
                if (e.kind() != TransferFailure.ENGINE) {
                    throw e;
                }
                excluded(ours.kind(), e.text());
            }
        }
        throw new TransferException(TransferFailure.ENGINE, "no data engine works with the peer: " + reason());
    }

    void excluded(EngineKind kind, String why) {
        reasons.add("%s not available: %s".formatted(kind, why));
    }

    /// Why not the engines before; empty when there are none.
    String reason() {
        return String.join("; ", reasons);
    }

    private PageReader reader(Offer ours) {
        if (!ours.works()) {
            throw lacks(ours.reason());
        }
        Optional<Offer> offered =
                theirs.stream().filter(offer -> offer.kind() == ours.kind()).findFirst();
        Offer peer = offered.orElseThrow(() -> lacks("not in the peer's engine order"));
        if (!peer.works()) {
            throw lacks(peer.reason() + " (at the peer)");
        }
        if (ours.kind() == EngineKind.TCP) {
            return tcp.get();
        }
        DataEngine engine = engines.engine(ours.kind());
        return engine instanceof PairedEngine paired
                ? paired.connect(peer.details(), pageBytes, talk)
                : engine.connect(peer.details(), pageBytes);
    }

    private static TransferException lacks(String reason) {
        return new TransferException(TransferFailure.ENGINE, reason);
    }
}
