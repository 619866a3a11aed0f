package io.llmserve.transfer.nixl;

import io.llmserve.transfer.data.DataEngine;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageReader;
import io.llmserve.transfer.library.LibraryPath;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.MemorySegment;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.UUID;

/// One-sided reads of registered host memory by a NIXL agent with the UCX backend. Agents know each other
/// by the metadata that we exchange in offers, so neither etcd nor a listening port is needed.
///
/// Offer: `base address of the pages u64, bytes u64`, then the agent's metadata.
public final class NixlEngine implements DataEngine {
    private static final String BACKEND = "UCX";

    private final NixlLibrary nixl;
    private final MemorySegment pages;
    private final long agent;
    private final long backend;
    private final long options;
    private final long registration;
    private final byte[] offer;
    private final NixlPeers peers;

    private NixlEngine(NixlLibrary nixl, MemorySegment pages) {
        this.nixl = nixl;
        this.pages = pages;
        agent = nixl.createAgent("llmserve-" + UUID.randomUUID());
        backend = nixl.createBackend(agent, BACKEND);
        options = nixl.createOptions(backend);
        registration = nixl.register(agent, pages, options);
        peers = new NixlPeers(nixl, agent);
        byte[] metadata = nixl.localMetadata(agent);
        offer = ByteBuffer.allocate(16 + metadata.length)
                .putLong(pages.address())
                .putLong(pages.byteSize())
                .put(metadata)
                .array();
    }

    public static NixlEngine open(MemorySegment pages, LibraryPath libraries) {
        return new NixlEngine(NixlLibrary.load(libraries), pages);
    }

    @Override
    public EngineKind kind() {
        return EngineKind.NIXL;
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
            byte[] metadata = new byte[in.remaining()];
            in.get(metadata);
            NixlReader.Area area = new NixlReader.Area(base, bytes, pageBytes);
            return new NixlReader(nixl, agent, options, pages, area, peers.borrow(metadata), peers::giveBack);
        } catch (BufferUnderflowException e) {
            throw new TransferException(TransferFailure.ENGINE, "the peer's NIXL metadata is damaged", e);
        }
    }

    @Override
    public void close() {
        peers.close();
        nixl.deregister(agent, registration, options);
        nixl.destroyOptions(options);
        nixl.destroyBackend(backend);
        nixl.destroyAgent(agent);
    }
}
