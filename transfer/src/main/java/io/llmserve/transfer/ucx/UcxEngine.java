package io.llmserve.transfer.ucx;

import io.llmserve.transfer.data.DataEngine;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageReader;
import io.llmserve.transfer.library.LibraryPath;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.MemorySegment;
import java.nio.BufferUnderflowException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One-sided gets of registered pages. Two workers (UCX's word for a set of network resources): one is
/// served by a thread of its own, which sleeps until a peer needs our help; the other carries our gets.
public final class UcxEngine implements DataEngine {
    private static final Logger LOG = LoggerFactory.getLogger(UcxEngine.class);

    private final Ucp ucp;
    private final long context;
    private final long memory;
    private final long serving;
    private final byte[] offer;
    private final Thread server;
    private final UcxReads reads;
    private volatile boolean closing;

    private UcxEngine(Ucp ucp, MemorySegment pages) {
        this.ucp = ucp;
        context = ucp.init();
        memory = ucp.mapMemory(context, pages);
        serving = ucp.createWorker(context);
        offer = new UcxPeer(
                        pages.address(), pages.byteSize(), ucp.workerAddress(serving), ucp.remoteKey(context, memory))
                .encode();
        reads = new UcxReads(ucp, context, pages);
        server = Thread.ofPlatform().name("kv-ucx").daemon().start(this::serve);
    }

    public static UcxEngine open(MemorySegment pages, LibraryPath libraries) {
        Ucp ucp = Ucp.load(libraries);
        UcxEngine engine = new UcxEngine(ucp, pages);
        LOG.debug("UCX {} is open", ucp.version());
        return engine;
    }

    @Override
    public EngineKind kind() {
        return EngineKind.UCX;
    }

    @Override
    public byte[] offer() {
        return offer.clone();
    }

    @Override
    public PageReader connect(byte[] peer, int pageBytes) {
        try {
            return reads.connect(UcxPeer.decode(peer), pageBytes);
        } catch (BufferUnderflowException | NegativeArraySizeException e) {
            throw new TransferException(TransferFailure.ENGINE, "the peer's UCX address is damaged", e);
        }
    }

    /// Where the network can't read memory by itself (TCP), peers' gets are answered here.
    private void serve() {
        while (!closing) {
            while (ucp.progress(serving)) {
                Thread.onSpinWait();
            }
            if (!closing) {
                ucp.await(serving);
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        ucp.signal(serving);
        boolean interrupted = false;
        while (server.isAlive()) {
            try {
                server.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        reads.close();
        ucp.destroyWorker(serving);
        ucp.unmapMemory(context, memory);
        ucp.cleanup(context);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
