package io.llmserve.worker.kv;

import io.llmserve.core.BlockHash;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.engine.PageFiller;
import io.llmserve.engine.PageImport;
import io.llmserve.transfer.PageSink;
import io.llmserve.transfer.PeerAddress;
import io.llmserve.transfer.TransferClient;
import io.llmserve.wire.KvTransfer.PullFromPrefill;
import io.llmserve.worker.kv.KvOptions.OnFailure;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One prompt whose pages another worker has. They are fetched when the engine has room for them; where it never
/// comes to that, the other worker is told that it may free them.
public final class RemotePrompt implements PageFiller, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RemotePrompt.class);
    private static final Duration RELEASE_TIMEOUT = Duration.ofSeconds(10);

    private final PullFromPrefill source;
    private final Parts parts;
    private final AtomicBoolean settled = new AtomicBoolean();
    private volatile boolean wanted = true;

    /// What all fetches of a worker share.
    record Parts(TransferClient client, Executor threads, long pageBytes, Duration timeout, OnFailure onFailure) {}

    RemotePrompt(PullFromPrefill source, Parts parts) {
        this.source = source;
        this.parts = parts;
    }

    @Override
    public void fill(PageImport pages) {
        settled.set(true);
        parts.threads().execute(() -> fetch(pages));
    }

    @Override
    public void stop() {
        wanted = false;
    }

    /// The request has ended, however it ended.
    @Override
    public void close() {
        wanted = false;
        if (!settled.getAndSet(true)) {
            parts.threads().execute(this::release);
        }
    }

    private void fetch(PageImport pages) {
        if (pages.first() == pages.end()) {
            pages.close(pages.end());
            release();
            return;
        }
        ArrivingPages arriving = new ArrivingPages(pages, parts.pageBytes(), () -> wanted);
        ServeException failure = null;
        try {
            pull(arriving, parts.timeout());
        } catch (ServeException e) {
            failure = e;
        } catch (RuntimeException e) {
            LOG.error("fetching the pages of {} failed", source.requestId(), e);
            failure = new ServeException(Failure.INTERNAL, "the fetch failed: " + e, e);
        } finally {
            pages.close(arriving.filled(), arriving.filled() == pages.end() ? null : verdict(failure));
        }
    }

    /// What the request is told of a failed fetch, if anything.
    private @Nullable ServeException verdict(@Nullable ServeException failure) {
        if (failure == null || !wanted) {
            return null;
        }
        String message = "The pages of %s could not be fetched from %s: %s"
                .formatted(source.requestId(), source.peer(), failure.messageText());
        if (parts.onFailure() == OnFailure.FAIL) {
            return new ServeException(failure.failure(), message, failure);
        }
        LOG.info("{}. They are computed here.", message);
        return null;
    }

    /// Says that nothing is wanted; whether it is heard or not, the lease ends.
    private void release() {
        try {
            pull(new Unwanted(), RELEASE_TIMEOUT);
        } catch (ServeException e) {
            LOG.debug("{} is left to its lease: {}", source.requestId(), e.messageText());
        }
    }

    private void pull(PageSink sink, Duration timeout) {
        PeerAddress peer = new PeerAddress(source.peer().host(), source.peer().port());
        parts.client().fetch(peer, source.engineId(), source.requestId(), sink, timeout);
    }

    private static final class Unwanted implements PageSink {
        @Override
        public long offsetFor(int index, BlockHash hash) {
            return SKIP;
        }

        @Override
        public void arrived(int index, BlockHash hash) {
            throw new IllegalStateException("page %d came, but none is wanted".formatted(index));
        }

        @Override
        public boolean wanted() {
            return false;
        }
    }
}
