package io.llmserve.transfer.nccl;

import static io.llmserve.transfer.link.TransferFailure.ENGINE;

import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageReader;
import io.llmserve.transfer.data.PairedEngine;
import io.llmserve.transfer.library.LibraryPath;
import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.TransferException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends and receives through the GPUs of both sides. The pages lie in host memory, so each passes a buffer
/// on either GPU: worth it where the GPUs have a network that the hosts have not. A pair (NCCL's communicator
/// of two ranks) is one transfer's alone, and serves the next one when all went well.
///
/// Offer: a name of this life of the engine, under which the receiver keeps its pairs.
public final class NcclEngine implements PairedEngine {
    private static final Logger LOG = LoggerFactory.getLogger(NcclEngine.class);
    /// How long a pair may rest; the receiver's end first.
    private static final Duration TAKER_REST = Duration.ofSeconds(60);

    private static final Duration GIVER_REST = Duration.ofMinutes(2);
    /// The most that one gift has, at least one page; each side of a pair has that much on the GPU.
    private static final int GIFT_BYTES = 32 << 20;

    private final Gpu gpu;
    private final MemorySegment pages;
    private final byte[] offer = UUID.randomUUID().toString().getBytes(StandardCharsets.UTF_8);
    private final RestingPairs takers = new RestingPairs(TAKER_REST);
    private final RestingPairs givers = new RestingPairs(GIVER_REST);
    /// Ids of pairs that serve a transfer; guarded by this.
    private final Set<ByteBuffer> giving = new HashSet<>();

    NcclEngine(Gpu gpu, MemorySegment pages) {
        this.gpu = gpu;
        this.pages = pages;
    }

    public static NcclEngine open(MemorySegment pages, LibraryPath libraries) {
        Gpu gpu = NcclGpu.open(NcclLibrary.load(libraries), CudaRuntime.load(libraries));
        LOG.debug("{} is open", gpu.name());
        return new NcclEngine(gpu, pages);
    }

    static int pagesOfAGift(int pageBytes) {
        return Math.max(1, GIFT_BYTES / pageBytes);
    }

    private static long staging(int pageBytes) {
        return (long) pagesOfAGift(pageBytes) * pageBytes;
    }

    @Override
    public EngineKind kind() {
        return EngineKind.NCCL;
    }

    @Override
    public byte[] offer() {
        return offer.clone();
    }

    @Override
    public PageReader connect(byte[] peer, int pageBytes, Talk talk) {
        ByteBuffer name = ByteBuffer.wrap(peer.clone());
        Optional<NcclPair> rested = takers.take(name);
        NcclPair pair = rested.orElseGet(() -> new NcclPair(gpu, gpu.newId(), 1, staging(pageBytes)));
        try {
            talk.pair(pair.id(), pair.isFresh());
        } catch (TransferException e) {
            pair.close();
            throw e;
        }
        return new NcclReader(pair, pages, pageBytes, talk, well -> takers.put(name, well));
    }

    @Override
    public synchronized Giver pair(byte[] id, boolean fresh, int pageBytes) {
        ByteBuffer key = ByteBuffer.wrap(id.clone());
        if (id.length != Gpu.ID_BYTES || !awaitEnd(key)) {
            throw new TransferException(ENGINE, "NCCL: the pair is damaged, or serves another transfer");
        }
        NcclPair pair = fresh
                ? new NcclPair(gpu, id.clone(), 0, staging(pageBytes))
                : givers.take(key)
                        .orElseThrow(() -> new TransferException(ENGINE, "NCCL: the pair is not known any more"));
        giving.add(key);
        return new NcclGiver(pair, (ended, well) -> ended(key, ended, well));
    }

    /// The receiver may come with the next transfer before we have seen the end of the one before.
    private boolean awaitEnd(ByteBuffer pair) {
        Deadline patience = NcclPair.patience();
        while (giving.contains(pair) && !patience.passed()) {
            try {
                wait(Math.max(1, patience.remainingNanos() / 1_000_000));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return !giving.contains(pair);
    }

    private synchronized void ended(ByteBuffer key, NcclPair pair, boolean well) {
        giving.remove(key);
        notifyAll();
        if (well) {
            givers.put(key, pair);
        } else {
            pair.close();
        }
    }

    @Override
    public void close() {
        takers.closeAll();
        givers.closeAll();
    }
}
