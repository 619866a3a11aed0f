package io.llmserve.gateway;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.nio.charset.StandardCharsets;

/// What Vert.x has no words for. Its own `close` waits until the peer has read what was written, so that a peer
/// that does not read keeps the connection for ever; and it has no answer to a request whose head never ends.
/// Called on the connection's event loop.
final class RawConnection {
    private static final String ENCODER = "httpEncoder";

    private RawConnection() {}

    /// Closes it now; bytes that the peer has not taken yet are lost.
    static void closeNow(HttpConnection connection) {
        if (connection instanceof ConnectionBase base) {
            ChannelFuture _ = base.channelHandlerContext().close();
        } else {
            connection.close();
        }
    }

    /// Writes an answer to no request, then closes.
    static void answerAndClose(HttpConnection connection, String answer) {
        if (connection instanceof ConnectionBase base) {
            ChannelHandlerContext encoder = base.channel().pipeline().context(ENCODER);
            if (encoder != null) {
                ChannelFuture _ = encoder.writeAndFlush(Unpooled.copiedBuffer(answer, StandardCharsets.UTF_8));
            }
        }
        closeNow(connection);
    }
}
