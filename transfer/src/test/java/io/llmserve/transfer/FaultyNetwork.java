package io.llmserve.transfer;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// A network between receiver and sender that does one thing wrong: to what the sender says on one
/// connection, after so many bytes.
final class FaultyNetwork implements AutoCloseable {
    enum Fault {
        /// The connection is reset.
        CUT,
        /// Nothing comes any more, and nothing ends.
        HANG,
        /// One byte is another one.
        FLIP
    }

    private final ServerSocket listening;
    private final int serverPort;
    private final int connection;
    private final long after;
    private final Fault fault;
    private final AtomicInteger connections = new AtomicInteger();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    /// @param connection which connection suffers, from 0: the control connection is the first
    FaultyNetwork(int serverPort, int connection, long after, Fault fault) throws IOException {
        this.serverPort = serverPort;
        this.connection = connection;
        this.after = after;
        this.fault = fault;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(this::accept);
    }

    PeerAddress address() {
        return new PeerAddress("127.0.0.1", listening.getLocalPort());
    }

    /// One that does nothing wrong by itself.
    static FaultyNetwork sound(int serverPort) throws IOException {
        return new FaultyNetwork(serverPort, -1, 0, Fault.CUT);
    }

    /// Connections that were made through it.
    int connections() {
        return connections.get();
    }

    /// All that are open now.
    void cutNow() throws IOException {
        for (Socket socket : open) {
            socket.close();
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listening.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
                open.add(client);
                open.add(server);
                boolean suffers = connections.getAndIncrement() == connection;
                Thread.startVirtualThread(() -> pipe(client, server, Long.MAX_VALUE));
                Thread.startVirtualThread(() -> pipe(server, client, suffers ? after : Long.MAX_VALUE));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void pipe(Socket from, Socket to, long until) {
        byte[] bytes = new byte[16 * 1024];
        long passed = 0;
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                if (passed <= until && until < passed + count && !survives(bytes, (int) (until - passed), out)) {
                    if (fault == Fault.CUT) {
                        to.setSoLinger(true, 0);
                        return;
                    }
                    Thread.sleep(Long.MAX_VALUE);
                }
                out.write(bytes, 0, count);
                passed += count;
            }
        } catch (IOException e) {
            // One side has gone; the other one hears of it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean survives(byte[] bytes, int at, OutputStream out) throws IOException {
        if (fault == Fault.FLIP) {
            bytes[at] ^= 0x10;
            return true;
        }
        out.write(bytes, 0, at);
        return false;
    }

    @Override
    public void close() {
        try {
            listening.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
