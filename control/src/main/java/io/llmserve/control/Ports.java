package io.llmserve.control;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;

/// Ports for workers on this machine. They lie below those that Linux gives to outgoing connections, so that
/// none of them is taken while a worker is being restarted.
public final class Ports {
    private static final int LOWEST = 20_000;
    private static final int BEYOND = 32_000;
    private static final int ATTEMPTS = 1_000;

    private final RandomGenerator random;
    private final Set<Integer> given = new HashSet<>();

    public Ports(RandomGenerator random) {
        this.random = random;
    }

    /// Is never given: somebody else will listen on it.
    public synchronized void keep(int port) {
        given.add(port);
    }

    /// This port where nobody listens on it and it was not given before; else another one.
    public synchronized int prefer(int port) {
        if (!given.contains(port) && isFree(port)) {
            given.add(port);
            return port;
        }
        return next();
    }

    /// A port that nobody listens on, and that was not given before.
    public synchronized int next() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int port = random.nextInt(LOWEST, BEYOND);
            if (!given.contains(port) && isFree(port)) {
                given.add(port);
                return port;
            }
        }
        throw new ServeException(
                Failure.EXHAUSTED,
                "%d ports from %d to %d were tried for a worker and all are taken"
                        .formatted(ATTEMPTS, LOWEST, BEYOND - 1));
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException _) {
            return false;
        }
    }
}
