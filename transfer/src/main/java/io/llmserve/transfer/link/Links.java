package io.llmserve.transfer.link;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/// Makes links: plain, or TLS 1.3 with certificates on both sides where a context is given. Both sides
/// then refuse what is not TLS.
public record Links(Optional<SSLContext> tls) {
    public boolean encrypted() {
        return tls.isPresent();
    }

    public Link connect(String host, int port, Deadline deadline) {
        String peer = host + ":" + port;
        try {
            SocketChannel channel = SocketChannel.open();
            try {
                int millis = Math.clamp(TimeUnit.NANOSECONDS.toMillis(deadline.remainingNanos()), 1, 600_000);
                channel.socket().connect(new InetSocketAddress(host, port), millis);
                return wrap(channel, peer, true);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            throw new TransferException(
                    TransferFailure.UNREACHABLE, "KV transfer peer %s can't be reached: %s".formatted(peer, e), e);
        }
    }

    /// The server's end of an accepted connection.
    public Link accepted(SocketChannel channel) throws IOException {
        return wrap(channel, String.valueOf(channel.getRemoteAddress()), false);
    }

    private Link wrap(SocketChannel channel, String peer, boolean client) throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        if (tls.isEmpty()) {
            return new PlainLink(channel, peer);
        }
        SSLSocket socket = (SSLSocket) tls.get()
                .getSocketFactory()
                .createSocket(channel.socket(), peer, channel.socket().getPort(), true);
        socket.setUseClientMode(client);
        socket.setEnabledProtocols(new String[] {"TLSv1.3"});
        if (!client) {
            socket.setNeedClientAuth(true);
        }
        return new TlsLink(channel, socket, peer);
    }
}
