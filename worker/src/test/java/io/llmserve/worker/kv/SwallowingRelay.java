package io.llmserve.worker.kv;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// A network between a worker and a gateway that, when told so, loses all that the gateway says on the
/// connections that are open then. Neither end notices; a new connection works.
final class SwallowingRelay implements AutoCloseable {
    private final int gatewayPort;
    private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Set<Socket> swallowed = ConcurrentHashMap.newKeySet();

    SwallowingRelay(int gatewayPort) throws IOException {
        this.gatewayPort = gatewayPort;
        Thread.startVirtualThread(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    void swallowAnswersOfOpenConnections() {
        swallowed.addAll(open);
    }

    private void accept() {
        try {
            while (true) {
                Socket worker = listening.accept();
                Socket gateway = new Socket(InetAddress.getLoopbackAddress(), gatewayPort);
                open.add(worker);
                open.add(gateway);
                Thread.startVirtualThread(() -> pipe(worker, gateway));
                Thread.startVirtualThread(() -> pipe(gateway, worker));
            }
        } catch (IOException closed) {
            // The test has ended.
        }
    }

    private void pipe(Socket from, Socket to) {
        byte[] bytes = new byte[4096];
        boolean answers = from.getPort() == gatewayPort;
        try (from;
                to) {
            InputStream in = from.getInputStream();
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                if (!answers || !swallowed.contains(from)) {
                    to.getOutputStream().write(bytes, 0, count);
                }
            }
        } catch (IOException gone) {
            // One end is gone; the other one hears of it.
        }
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
