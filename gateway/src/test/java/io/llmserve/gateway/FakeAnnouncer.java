package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.wire.DiscoveryMessage;
import io.llmserve.wire.DiscoveryReply;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;

/// A worker's side of discovery: a DEALER that says what a test wants.
final class FakeAnnouncer implements AutoCloseable {
    private static final int ATTEMPTS = 10;
    private static final int PATIENCE_MILLIS = 2_000;

    private final ZContext context = new ZContext(1);
    private final int port;
    private ZMQ.Socket dealer;

    FakeAnnouncer(int port) {
        this.port = port;
        this.dealer = connect();
    }

    private ZMQ.Socket connect() {
        ZMQ.Socket socket = context.createSocket(SocketType.DEALER);
        socket.setLinger(0);
        socket.setReceiveTimeOut(PATIENCE_MILLIS);
        socket.connect("tcp://127.0.0.1:" + port);
        return socket;
    }

    /// Says it and waits for the answer.
    DiscoveryReply say(DiscoveryMessage message) {
        return reply(message.encode());
    }

    /// As vLLM with P2pNcclConnector says that it is there.
    DiscoveryReply ping(String type, HostPort http, HostPort pages) throws IOException {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packMapHeader(3);
            packer.packString("type").packString(type);
            packer.packString("http_address").packString(http.toString());
            packer.packString("zmq_address").packString(pages.toString());
            return reply(packer.toByteArray());
        }
    }

    void sayRaw(byte[] bytes) {
        dealer.send(bytes);
    }

    /// Says it again over a new connection while nobody answers: an answer may get lost.
    private DiscoveryReply reply(byte[] message) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            dealer.send(message);
            byte @Nullable [] answer = dealer.recv();
            if (answer != null) {
                return DiscoveryReply.decode(answer);
            }
            dealer.close();
            dealer = connect();
        }
        throw new AssertionError("no answer in %d times %d ms".formatted(ATTEMPTS, PATIENCE_MILLIS));
    }

    @Override
    public void close() {
        context.close();
    }
}
