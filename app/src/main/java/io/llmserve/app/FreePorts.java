package io.llmserve.app;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;

/// Looks whether the ports can be opened before anything costly is done. Somebody may still take one
/// meanwhile; opening it then fails in the same words.
final class FreePorts {
    private FreePorts() {}

    static void check(String host, int port, String flag) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
        } catch (UnknownHostException failure) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "the host '%s' to listen on is unknown here; use --host".formatted(host),
                    failure);
        } catch (BindException failure) {
            throw new ServeException(Failure.UNAVAILABLE, sentence(host, port, flag, failure), failure);
        } catch (IOException failure) {
            throw new ServeException(
                    Failure.UNAVAILABLE,
                    "port %d on %s cannot be opened: %s".formatted(port, host, failure.getMessage()),
                    failure);
        }
    }

    private static String sentence(String host, int port, String flag, BindException failure) {
        String reason = String.valueOf(failure.getMessage());
        if (reason.contains("Permission")) {
            return "port %d needs more rights than this user has; use %s with a port above 1023".formatted(port, flag);
        }
        if (reason.contains("assign")) {
            return "this machine has no address '%s'; use --host".formatted(host);
        }
        return "port %d is in use by another program; stop it or use %s".formatted(port, flag);
    }
}
