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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/// Our gets: one UCX worker for all fetches of the process, entered by one thread at a time.
final class UcxReads implements AutoCloseable {
    /// Gets of one fetch that are on the way at once.
    private static final long WINDOW_BYTES = 8 << 20;
    private static final int SPINS = 200;
    private static final long NAP_NANOS = 20_000;

    private final Ucp ucp;
    private final MemorySegment pages;
    private final long worker;
    private final ReentrantLock lock = new ReentrantLock();

    UcxReads(Ucp ucp, long context, MemorySegment pages) {
        this.ucp = ucp;
        this.pages = pages;
        this.worker = ucp.createWorker(context);
    }

    PageReader connect(long base, long bytes, byte[] address, byte[] key, int pageBytes) {
        return locked(() -> {
            long endpoint = ucp.connect(worker, address);
            try {
                return new Reader(endpoint, ucp.unpackKey(endpoint, key), base, bytes, pageBytes);
            } catch (TransferException e) {
                end(ucp.closeEndpoint(endpoint));
                throw e;
            }
        });
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
        ucp.destroyWorker(worker);
    }

    private record OnTheWay(PageRead page, long request) {}

    private final class Reader implements PageReader {
        private final long endpoint;
        private final long key;
        private final long base;
        private final long bytes;
        private final int pageBytes;
        private boolean closed;
        private boolean keyDestroyed;

        Reader(long endpoint, long key, long base, long bytes, int pageBytes) {
            this.endpoint = endpoint;
            this.key = key;
            this.base = base;
            this.bytes = bytes;
            this.pageBytes = pageBytes;
        }

        @Override
        public void read(List<PageRead> batch, IntConsumer arrived, Deadline deadline) {
            ArrayDeque<PageRead> waiting = new ArrayDeque<>(batch);
            List<OnTheWay> onTheWay = new ArrayList<>();
            long window = Math.max(2, WINDOW_BYTES / pageBytes);
            int idle = 0;
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment parameters = ucp.noParameters(arena);
                while (!waiting.isEmpty() || !onTheWay.isEmpty()) {
                    List<PageRead> here = locked(() -> turn(waiting, onTheWay, window, parameters));
                    here.forEach(page -> arrived.accept(page.index()));
                    idle = here.isEmpty() ? idle + 1 : 0;
                    rest(idle, deadline);
                }
            } finally {
                if (!onTheWay.isEmpty()) {
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
            if (page.remoteOffset() < 0 || page.remoteOffset() > bytes - pageBytes) {
                throw new TransferException(
                        TransferFailure.PROTOCOL, "page %d is beyond the peer's memory".formatted(page.index()));
            }
            long into = pages.asSlice(page.localOffset(), pageBytes).address();
            return ucp.get(endpoint, into, pageBytes, base + page.remoteOffset(), key, parameters);
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
                closeNow();
                for (OnTheWay get : onTheWay) {
                    end(get.request());
                }
                onTheWay.clear();
                return true;
            });
        }

        private void closeNow() {
            if (!closed) {
                closed = true;
                end(ucp.closeEndpoint(endpoint));
            }
        }

        @Override
        public void close() {
            locked(() -> {
                if (!keyDestroyed) {
                    keyDestroyed = true;
                    closeNow();
                    ucp.destroyKey(key);
                }
                return true;
            });
        }
    }
}
