package io.llmserve.transfer.link;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLSocket;

/// A TLS connection by the JDK's own blocking socket. Page bytes pass through one staging array a
/// direction.
final class TlsLink implements Link {
    private static final int STAGING_BYTES = 64 * 1024;

    private final SocketChannel channel;
    private final SSLSocket socket;
    private final String peer;
    private final byte[] incoming = new byte[STAGING_BYTES];
    private final byte[] outgoing = new byte[STAGING_BYTES];

    TlsLink(SocketChannel channel, SSLSocket socket, String peer) {
        this.channel = channel;
        this.socket = socket;
        this.peer = peer;
    }

    @Override
    public void read(ByteBuffer... parts) throws IOException {
        InputStream in = socket.getInputStream();
        for (ByteBuffer part : parts) {
            while (part.hasRemaining()) {
                int count = in.read(incoming, 0, Math.min(incoming.length, part.remaining()));
                if (count < 0) {
                    throw new EOFException("connection ended");
                }
                part.put(incoming, 0, count);
            }
        }
    }

    @Override
    public void write(ByteBuffer... parts) throws IOException {
        OutputStream out = socket.getOutputStream();
        int filled = 0;
        for (ByteBuffer part : parts) {
            while (part.hasRemaining()) {
                int count = Math.min(outgoing.length - filled, part.remaining());
                part.get(outgoing, filled, count);
                filled += count;
                if (filled == outgoing.length) {
                    out.write(outgoing, 0, filled);
                    filled = 0;
                }
            }
        }
        if (filled > 0) {
            out.write(outgoing, 0, filled);
        }
    }

    @Override
    public boolean ready() throws IOException {
        return socket.getInputStream().available() > 0;
    }

    /// The TLS socket can't tell without waiting.
    @Override
    public boolean silent() {
        return false;
    }

    @Override
    public String peer() {
        return peer;
    }

    /// The channel below, not the TLS socket: its orderly end would wait for a writer that hangs.
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // The connection is gone either way.
        }
    }
}
