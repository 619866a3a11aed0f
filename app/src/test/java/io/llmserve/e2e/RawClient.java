package io.llmserve.e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/// A connection on which anything can be written, right or wrong.
final class RawClient implements AutoCloseable {
    private static final int READ_MILLIS = 60_000;
    private static final int DRIP_MILLIS = 10;
    private final Socket socket;

    RawClient(int port) throws IOException {
        socket = new Socket();
        socket.setSoTimeout(READ_MILLIS);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), READ_MILLIS);
    }

    RawClient send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
        return this;
    }

    /// A chat request's head and body, the head claiming `missing` bytes more than there are.
    RawClient post(String body, int missing) throws IOException {
        int length = body.getBytes(StandardCharsets.UTF_8).length + missing;
        return send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Authorization: Bearer " + ServerProcess.KEY + "\r\nContent-Length: " + length + "\r\n\r\n" + body);
    }

    /// Reads until `text` has come; returns what came, which lacks it where the server closed before.
    String readUntil(String text) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        InputStream in = socket.getInputStream();
        byte[] piece = new byte[4096];
        while (!read.toString(StandardCharsets.UTF_8).contains(text)) {
            int count = in.read(piece);
            if (count < 0) {
                break;
            }
            read.write(piece, 0, count);
        }
        return read.toString(StandardCharsets.UTF_8);
    }

    /// Whether the server closes the connection, an answer before it or not.
    boolean isClosedByServer() throws IOException {
        try {
            InputStream in = socket.getInputStream();
            while (in.read() >= 0) {
                // What the server says before it closes does not matter here.
            }
            return true;
        } catch (SocketTimeoutException stillOpen) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    /// Goes on sending the byte, a hundred times a second, whatever the server says.
    boolean isClosedByServerWhileDripping(String drop) throws IOException {
        long end = System.nanoTime() + READ_MILLIS * 1_000_000L;
        socket.setSoTimeout(DRIP_MILLIS);
        while (System.nanoTime() < end) {
            try {
                send(drop);
                if (socket.getInputStream().read() < 0) {
                    return true;
                }
            } catch (SocketTimeoutException stillOpen) {
                // The next drop is due.
            } catch (IOException reset) {
                return true;
            }
        }
        return false;
    }

    /// Goes away without a word: the server sees a reset.
    void vanish() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
