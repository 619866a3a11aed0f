package io.llmserve.transfer;

import io.llmserve.transfer.TransferListener.Side;
import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.Link;
import io.llmserve.transfer.link.Links;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import io.llmserve.transfer.link.Watchdog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves a worker's pages on its KV port. A connection is a transfer's control connection or one of its
/// data connections; each has a virtual thread, their number is bounded.
public final class TransferServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TransferServer.class);
    private static final int MAX_STREAMS = 64;

    private final ServerSocketChannel listening;
    private final Links links;
    private final Watchdog watchdog = new Watchdog("kv-server-watchdog");
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<Link> open = ConcurrentHashMap.newKeySet();
    private final Semaphore connections;
    private final TransferOptions options;
    private final Served served;

    private TransferServer(ServerSocketChannel listening, TransferOptions options, Served served) {
        this.listening = listening;
        this.options = options;
        this.links = options.links();
        this.connections =
                new Semaphore(Math.min(options.maxTransfers() * 4, options.maxTransfers() + MAX_STREAMS * 16));
        this.served = served;
    }

    /// @param address port 0 picks a free one
    /// @param engineId names this life of this worker; a receiver that wants another one is refused
    public static TransferServer start(
            InetSocketAddress address,
            String engineId,
            PageFormat format,
            DataEngines engines,
            Exports exports,
            TransferOptions options,
            TransferListener listener) {
        try {
            ServerSocketChannel listening = ServerSocketChannel.open();
            try {
                listening.bind(address, 1024);
            } catch (IOException e) {
                listening.close();
                throw e;
            }
            Served served = new Served(engineId, format, engines, exports, options, listener);
            TransferServer server = new TransferServer(listening, options, served);
            server.threads.execute(server::accept);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException("KV port %s: %s".formatted(address, e.getMessage()), e);
        }
    }

    public int port() {
        return listening.socket().getLocalPort();
    }

    /// Transfers that are connected now.
    public int connected() {
        return served.transfers();
    }

    private void accept() {
        while (listening.isOpen()) {
            try {
                SocketChannel channel = listening.accept();
                if (connections.tryAcquire()) {
                    threads.execute(() -> serve(channel));
                } else {
                    channel.close();
                    served.listener().failed(Side.SENDER, TransferFailure.BUSY, "too many connections");
                }
            } catch (IOException e) {
                if (listening.isOpen()) {
                    LOG.warn("KV port {}: a connection could not be accepted: {}", port(), e.toString());
                }
            }
        }
    }

    private void serve(SocketChannel channel) {
        try (channel;
                Link link = links.accepted(channel)) {
            open.add(link);
            try {
                converse(link);
            } finally {
                open.remove(link);
            }
        } catch (IOException e) {
            LOG.debug("KV connection ended: {}", e.toString());
        } catch (TransferException e) {
            served.listener().failed(Side.SENDER, e.kind(), e.text());
            LOG.debug("KV connection failed: {}", e.text());
        } finally {
            connections.release();
        }
    }

    private void converse(Link link) {
        Conversation conversation = new Conversation(link, watchdog);
        Deadline deadline = Deadline.after(options.idleTimeout());
        conversation.sendPreamble(deadline);
        conversation.expectPreamble(deadline);
        switch (conversation.receive(deadline)) {
            case Message.Hello hello -> served.control(conversation, hello);
            case Message.Attach attach -> onPlatformThread(() -> served.streams(conversation, watchdog, attach));
            case Message other ->
                throw new TransferException(
                        TransferFailure.PROTOCOL,
                        "%s began with %s"
                                .formatted(link.peer(), other.getClass().getSimpleName()));
        }
    }

    private static void onPlatformThread(Runnable work) {
        AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
        Thread thread = Thread.ofPlatform().name("kv-stream").daemon().start(() -> {
            try {
                work.run();
            } catch (RuntimeException e) {
                failure.set(e);
            }
        });
        Joined.with(thread);
        RuntimeException thrown = failure.get();
        if (thrown != null) {
            throw thrown;
        }
    }

    /// Ends all transfers and waits until no thread of ours touches a page.
    @Override
    public void close() {
        try {
            listening.close();
        } catch (IOException e) {
            LOG.debug("KV port: {}", e.toString());
        }
        threads.shutdownNow();
        open.forEach(Link::close);
        threads.close();
        watchdog.close();
    }
}
