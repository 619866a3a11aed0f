package io.llmserve.transfer.ucx;

import io.llmserve.transfer.data.DataEngine;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageReader;
import io.llmserve.transfer.library.LibraryPath;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.MemorySegment;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One-sided gets of registered pages. Two workers (UCX's word for a set of network resources): one is
/// served by a thread of its own, which sleeps until a peer needs our help; the other carries our gets.
///
/// Offer: `base address of the pages u64, bytes u64, length u32 and worker address, length u32 and remote
/// key`.
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
        byte[] address = ucp.workerAddress(serving);
        byte[] key = ucp.remoteKey(context, memory);
        offer = ByteBuffer.allocate(16 + 4 + address.length + 4 + key.length)
                .putLong(pages.address())
                .putLong(pages.byteSize())
                .putInt(address.length)
                .put(address)
                .putInt(key.length)
                .put(key)
                .array();
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
            ByteBuffer in = ByteBuffer.wrap(peer);
            long base = in.getLong();
            long bytes = in.getLong();
            return reads.connect(base, bytes, bytes(in), bytes(in), pageBytes);
        } catch (BufferUnderflowException | NegativeArraySizeException e) {
            throw new TransferException(TransferFailure.ENGINE, "the peer's UCX address is damaged", e);
        }
    }

    private static byte[] bytes(ByteBuffer in) {
        byte[] value = new byte[Math.min(in.getInt(), in.remaining() + 1)];
        in.get(value);
        return value;
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
