package io.llmserve.transfer.link;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/// A TCP connection. Buffers over page memory are read and written in place: no copy in this process.
final class PlainLink implements Link {
    private final SocketChannel channel;
    private final String peer;

    PlainLink(SocketChannel channel, String peer) {
        this.channel = channel;
        this.peer = peer;
    }

    @Override
    public void read(ByteBuffer... parts) throws IOException {
        ByteBuffer last = parts[parts.length - 1];
        while (last.hasRemaining()) {
            if (channel.read(parts) < 0) {
                throw new EOFException("connection ended");
            }
        }
    }

    @Override
    public void write(ByteBuffer... parts) throws IOException {
        ByteBuffer last = parts[parts.length - 1];
        while (last.hasRemaining()) {
            channel.write(parts);
        }
    }

    @Override
    public boolean ready() throws IOException {
        return channel.socket().getInputStream().available() > 0;
    }

    @Override
    public boolean silent() {
        try {
            channel.configureBlocking(false);
            try {
                return channel.read(ByteBuffer.allocate(1)) == 0;
            } finally {
                channel.configureBlocking(true);
            }
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public String peer() {
        return peer;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // The connection is gone either way.
        }
    }
}
