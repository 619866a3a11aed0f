package io.llmserve.transfer.ucx;

import static io.llmserve.transfer.link.TransferFailure.CANCELLED;
import static io.llmserve.transfer.link.TransferFailure.DEADLINE;

import io.llmserve.transfer.data.PageRead;
import io.llmserve.transfer.data.PageReader;
import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/// Our gets: one UCX worker for all fetches of the process, entered by one thread at a time. An endpoint is
/// one fetch's alone, so that a fetch that is given up takes no other with it; after a fetch that went well
/// it rests and serves the next one.
final class UcxReads implements AutoCloseable {
    /// Gets of one fetch that are on the way at once.
    private static final long WINDOW_BYTES = 8 << 20;
    /// How long an endpoint may rest; it is closed when the next fetch comes or goes.
    private static final Duration REST = Duration.ofSeconds(60);
    private static final int MOST_AT_REST = 64;
    private static final int SPINS = 200;
    private static final long NAP_NANOS = 20_000;

    private final Ucp ucp;
    private final MemorySegment pages;
    private final long worker;
    private final ReentrantLock lock = new ReentrantLock();
    /// In the order in which they came to rest; guarded by the lock.
    private final ArrayDeque<Endpoint> resting = new ArrayDeque<>();

    UcxReads(Ucp ucp, long context, MemorySegment pages) {
        this.ucp = ucp;
        this.pages = pages;
        this.worker = ucp.createWorker(context);
    }

    PageReader connect(UcxPeer peer, int pageBytes) {
        return locked(() -> new Reader(rested(peer).orElseGet(() -> open(peer)), pageBytes));
    }

    private Optional<Endpoint> rested(UcxPeer peer) {
        closeThoseThatRestedTooLong();
        for (Iterator<Endpoint> each = resting.descendingIterator(); each.hasNext(); ) {
            Endpoint endpoint = each.next();
            if (endpoint.peer().equals(peer)) {
                each.remove();
                return Optional.of(endpoint);
            }
        }
        return Optional.empty();
    }

    private void closeThoseThatRestedTooLong() {
        while (!resting.isEmpty()
                && (resting.size() > MOST_AT_REST || resting.getFirst().until().passed())) {
            destroy(resting.removeFirst());
        }
    }

    private Endpoint open(UcxPeer peer) {
        long handle = ucp.connect(worker, peer.address());
        try {
            return new Endpoint(peer, handle, ucp.unpackKey(handle, peer.key()), Deadline.after(REST));
        } catch (TransferException e) {
            end(ucp.closeEndpoint(handle));
            throw e;
        }
    }

    private void destroy(Endpoint endpoint) {
        end(ucp.closeEndpoint(endpoint.handle()));
        ucp.destroyKey(endpoint.key());
    }

    private <T> T locked(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    /// Waits for a request that ends soon: an endpoint's forced close.
    private void end(long request) {
        if (request > 0) {
            while (ucp.status(request) == Ucp.IN_PROGRESS) {
                ucp.progress(worker);
            }
            ucp.free(request);
        }
    }

    @Override
    public void close() {
        locked(() -> {
            resting.forEach(this::destroy);
            resting.clear();
            ucp.destroyWorker(worker);
            return true;
        });
    }

    /// @param until when it has rested too long
    private record Endpoint(UcxPeer peer, long handle, long key, Deadline until) {
        Endpoint atRest() {
            return new Endpoint(peer, handle, key, Deadline.after(REST));
        }
    }

    private record OnTheWay(PageRead page, long request) {}

    private final class Reader implements PageReader {
        private final Endpoint endpoint;
        private final int pageBytes;
        private boolean failed;
        private boolean closed;

        Reader(Endpoint endpoint, int pageBytes) {
            this.endpoint = endpoint;
            this.pageBytes = pageBytes;
        }

        @Override
        public void read(List<PageRead> batch, IntConsumer arrived, Deadline deadline) {
            ArrayDeque<PageRead> waiting = new ArrayDeque<>(batch);
            List<OnTheWay> onTheWay = new ArrayList<>();
            long window = Math.max(2, WINDOW_BYTES / pageBytes);
            int idle = 0;
            failed = true; // until it is not
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment parameters = ucp.noParameters(arena);
                while (!waiting.isEmpty() || !onTheWay.isEmpty()) {
                    List<PageRead> here = locked(() -> turn(waiting, onTheWay, window, parameters));
                    here.forEach(page -> arrived.accept(page.index()));
                    idle = here.isEmpty() ? idle + 1 : 0;
                    rest(idle, deadline);
                }
                failed = false;
            } finally {
                if (failed) {
                    abandon(onTheWay);
                }
            }
        }

        /// Posts what the window allows, lets UCX work, and gives what has arrived.
        private List<PageRead> turn(
                ArrayDeque<PageRead> waiting, List<OnTheWay> onTheWay, long window, MemorySegment parameters) {
            List<PageRead> here = new ArrayList<>();
            while (!waiting.isEmpty() && onTheWay.size() < window && here.size() < 4) {
                PageRead page = waiting.poll();
                long request = post(page, parameters);
                if (request == 0) {
                    here.add(page);
                } else {
                    onTheWay.add(new OnTheWay(page, request));
                }
            }
            ucp.progress(worker);
            for (Iterator<OnTheWay> each = onTheWay.iterator(); each.hasNext(); ) {
                OnTheWay get = each.next();
                int status = ucp.status(get.request());
                if (status != Ucp.IN_PROGRESS) {
                    each.remove();
                    ucp.free(get.request());
                    if (status != Ucp.OK) {
                        throw ucp.failed("get of page %d".formatted(get.page().index()), status);
                    }
                    here.add(get.page());
                }
            }
            return here;
        }

        private long post(PageRead page, MemorySegment parameters) {
            if (page.remoteOffset() < 0 || page.remoteOffset() > endpoint.peer().bytes() - pageBytes) {
                throw new TransferException(
                        TransferFailure.PROTOCOL, "page %d is beyond the peer's memory".formatted(page.index()));
            }
            long into = pages.asSlice(page.localOffset(), pageBytes).address();
            long from = endpoint.peer().base() + page.remoteOffset();
            return ucp.get(endpoint.handle(), into, pageBytes, from, endpoint.key(), parameters);
        }

        private void rest(int idle, Deadline deadline) {
            if (Thread.currentThread().isInterrupted()) {
                throw new TransferException(CANCELLED, "cancelled while pages were on the way");
            }
            if (deadline.passed()) {
                throw new TransferException(DEADLINE, "pages did not come in time");
            }
            if (idle > SPINS) {
                LockSupport.parkNanos(NAP_NANOS);
            }
        }

        /// Nothing may write into our pages any more: the endpoint is closed, which fails its gets.
        private void abandon(List<OnTheWay> onTheWay) {
            locked(() -> {
                closed = true;
                end(ucp.closeEndpoint(endpoint.handle()));
                for (OnTheWay get : onTheWay) {
                    end(get.request());
                }
                onTheWay.clear();
                ucp.destroyKey(endpoint.key());
                return true;
            });
        }

        @Override
        public void close() {
            locked(() -> {
                if (!closed) {
                    closed = true;
                    resting.addLast(endpoint.atRest());
                }
                closeThoseThatRestedTooLong();
                return true;
            });
        }
    }
}
