package io.llmserve.transfer;

import io.llmserve.transfer.data.DataEngine;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageMemory;
import io.llmserve.transfer.data.PairedEngine;
import io.llmserve.transfer.data.ShmEngine;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.nccl.NcclEngine;
import io.llmserve.transfer.nixl.NixlEngine;
import io.llmserve.transfer.ucx.UcxEngine;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The data engines of one page memory: those that work on this machine, and why the others do not.
/// Shared by the server and the client of a worker, which are closed first.
public final class DataEngines implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DataEngines.class);

    private final PageMemory memory;
    private final List<Offer> offers;
    private final Map<EngineKind, DataEngine> opened;

    private DataEngines(PageMemory memory, List<Offer> offers, Map<EngineKind, DataEngine> opened) {
        this.memory = memory;
        this.offers = List.copyOf(offers);
        this.opened = opened;
    }

    /// Opens every engine of the order that can be opened. The memory stays the caller's.
    public static DataEngines open(TransferOptions options, PageMemory memory) {
        return open(options, memory, DataEngines::open);
    }

    /// Opens one engine, or throws [TransferException] of kind `ENGINE`.
    interface Opener {
        DataEngine open(EngineKind kind, TransferOptions options, PageMemory memory);
    }

    static DataEngines open(TransferOptions options, PageMemory memory, Opener opener) {
        List<Offer> offers = new ArrayList<>();
        Map<EngineKind, DataEngine> opened = new EnumMap<>(EngineKind.class);
        for (EngineKind kind : options.engineOrder()) {
            Offer offer = offer(kind, options, memory, opener, opened);
            offers.add(offer);
            if (!offer.works()) {
                LOG.info("{} not available: {}", kind, offer.reason());
            }
        }
        return new DataEngines(memory, offers, opened);
    }

    private static Offer offer(
            EngineKind kind,
            TransferOptions options,
            PageMemory memory,
            Opener opener,
            Map<EngineKind, DataEngine> opened) {
        if (kind == EngineKind.TCP) {
            return Offer.works(kind, new byte[0]);
        }
        if (options.tls().isPresent() && kind.leavesHostInClear()) {
            return Offer.lacks(kind, "TLS is on, and %s sends in clear".formatted(kind.wireName()));
        }
        try {
            DataEngine engine = opener.open(kind, options, memory);
            opened.put(kind, engine);
            return Offer.works(kind, engine.offer());
        } catch (TransferException e) {
            return Offer.lacks(kind, e.text());
        }
    }

    private static DataEngine open(EngineKind kind, TransferOptions options, PageMemory memory) {
        return switch (kind) {
            case NIXL -> NixlEngine.open(memory.segment(), options.libraries());
            case UCX -> UcxEngine.open(memory.segment(), options.libraries());
            case NCCL -> NcclEngine.open(memory.segment(), options.libraries());
            case SHM -> ShmEngine.open(memory);
            case TCP -> throw new IllegalArgumentException("TCP needs no engine");
        };
    }

    PageMemory memory() {
        return memory;
    }

    /// One for each engine of our order.
    List<Offer> offers() {
        return offers;
    }

    /// The engine, which must be one that works here, and none of TCP's.
    DataEngine engine(EngineKind kind) {
        DataEngine engine = opened.get(kind);
        if (engine == null) {
            throw new IllegalStateException("%s is not open".formatted(kind));
        }
        return engine;
    }

    /// The engine that needs the sender's part, if it is open here.
    Optional<PairedEngine> paired(EngineKind kind) {
        return opened.get(kind) instanceof PairedEngine engine ? Optional.of(engine) : Optional.empty();
    }

    @Override
    public void close() {
        opened.values().forEach(DataEngine::close);
    }
}
