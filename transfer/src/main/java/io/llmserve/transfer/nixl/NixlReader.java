package io.llmserve.transfer.nixl;

import io.llmserve.transfer.data.PageRead;
import io.llmserve.transfer.data.PageReader;
import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.IntConsumer;

/// Reads pages of one peer, several in one NIXL request.
final class NixlReader implements PageReader {
    /// So many bytes in one request, at least one page: some wait for their checksum while the next are
    /// on the way.
    private static final long REQUEST_BYTES = 8 << 20;
    private static final int SPINS = 200;
    private static final long NAP_NANOS = 20_000;
    private static final Duration END_PATIENCE = Duration.ofSeconds(10);

    private final NixlLibrary nixl;
    private final long agent;
    private final long options;
    private final MemorySegment pages;
    private final Area area;
    private final NixlPeers.Peer peer;
    private final BiConsumer<NixlPeers.Peer, Boolean> giveBack;
    private boolean failed;

    /// The peer's page memory.
    record Area(long base, long bytes, int pageBytes) {}

    NixlReader(
            NixlLibrary nixl,
            long agent,
            long options,
            MemorySegment pages,
            Area area,
            NixlPeers.Peer peer,
            BiConsumer<NixlPeers.Peer, Boolean> giveBack) {
        this.nixl = nixl;
        this.agent = agent;
        this.options = options;
        this.pages = pages;
        this.area = area;
        this.peer = peer;
        this.giveBack = giveBack;
    }

    @Override
    public void read(List<PageRead> batch, IntConsumer arrived, Deadline deadline) {
        failed = true; // until it is not
        int atOnce = (int) Math.max(1, REQUEST_BYTES / area.pageBytes());
        for (int from = 0; from < batch.size(); from += atOnce) {
            List<PageRead> some = batch.subList(from, Math.min(batch.size(), from + atOnce));
            request(some, deadline);
            some.forEach(page -> arrived.accept(page.index()));
        }
        failed = false;
    }

    private void request(List<PageRead> some, Deadline deadline) {
        long ours = nixl.createList(some.stream().mapToLong(this::here).toArray(), area.pageBytes());
        try {
            long theirs = nixl.createList(some.stream().mapToLong(this::there).toArray(), area.pageBytes());
            try {
                complete(nixl.createRead(agent, ours, theirs, peer.name(), options), deadline);
            } finally {
                nixl.destroyList(theirs);
            }
        } finally {
            nixl.destroyList(ours);
        }
    }

    private long here(PageRead page) {
        return pages.asSlice(page.localOffset(), area.pageBytes()).address();
    }

    private long there(PageRead page) {
        if (page.remoteOffset() < 0 || page.remoteOffset() > area.bytes() - area.pageBytes()) {
            throw new TransferException(
                    TransferFailure.PROTOCOL, "page %d is beyond the peer's memory".formatted(page.index()));
        }
        return area.base() + page.remoteOffset();
    }

    private void complete(long request, Deadline deadline) {
        try {
            nixl.post(agent, request);
            int status = nixl.progress(agent, request);
            for (int idle = 0; status == NixlLibrary.IN_PROGRESS; idle++) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new TransferException(TransferFailure.CANCELLED, "cancelled while pages were on the way");
                }
                if (deadline.passed()) {
                    throw new TransferException(TransferFailure.DEADLINE, "pages did not come in time");
                }
                if (idle > SPINS) {
                    LockSupport.parkNanos(NAP_NANOS);
                }
                status = nixl.progress(agent, request);
            }
            if (status != NixlLibrary.SUCCESS) {
                throw NixlLibrary.failed("read from " + peer.name(), status);
            }
        } finally {
            end(request);
        }
    }

    /// Nobody may write into our pages afterwards, so this waits until NIXL has let go of them.
    private void end(long request) {
        Deadline patience = Deadline.after(END_PATIENCE);
        while (!nixl.release(agent, request)) {
            if (patience.passed()) {
                throw new IllegalStateException(
                        "NIXL does not end a read from %s, %s after it failed".formatted(peer.name(), END_PATIENCE));
            }
            int _ = nixl.progress(agent, request);
            LockSupport.parkNanos(NAP_NANOS);
        }
    }

    @Override
    public void close() {
        giveBack.accept(peer, failed);
    }
}
