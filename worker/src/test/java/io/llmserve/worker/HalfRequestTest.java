package io.llmserve.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.worker.WorkerOptions.Limits;
import io.llmserve.worker.WorkerOptions.Timeouts;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Clients that send half of what they should, or too many at once.
class HalfRequestTest {
    private static final Timeouts HASTY =
            new Timeouts(Duration.ofMillis(300), Duration.ofMillis(300), Duration.ofSeconds(30), Duration.ofMinutes(5));

    @Test
    void answers408ToABodyThatNeverEnds() throws Exception {
        try (Harness worker = new Harness(Harness.options().with(HASTY));
                Socket socket = worker.socket()) {
            Harness.write(
                    socket,
                    "POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                            + "content-length: 100\r\n\r\n{\"prompt\":");
            assertThat(Harness.read(socket)).startsWith("HTTP/1.1 408").contains("10 bytes came");
            worker.assertNothingLeft();
        }
    }

    @Test
    void closesAConnectionWhoseHeadersNeverEnd() throws Exception {
        try (Harness worker = new Harness(Harness.options().with(HASTY));
                Socket socket = worker.socket()) {
            Harness.write(socket, "POST /v1/completions HTTP/1.1\r\nhost: x\r\n");
            boolean closed = false;
            for (int i = 0; i < 200 && !closed; i++) {
                closed = !drip(socket);
            }
            assertThat(closed).isTrue();
            worker.assertNothingLeft();
        }
    }

    /// One more header, as a slow-loris does; false when the connection is closed.
    private static boolean drip(Socket socket) throws InterruptedException {
        Thread.sleep(50);
        try {
            Harness.write(socket, "x-a: b\r\n");
            return true;
        } catch (IOException closed) {
            return false;
        }
    }

    @Test
    void forgetsABodyWhoseClientLeft() throws Exception {
        try (Harness worker = new Harness()) {
            try (Socket socket = worker.socket()) {
                Harness.write(
                        socket,
                        "POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                                + "content-length: 100\r\n\r\n{");
            }
            worker.assertNothingLeft();
            assertThat(worker.engine.submitted()).hasSize(1);
        }
    }

    @Test
    void asksForTheBodyWhenTheClientWaitsToBeAsked() throws Exception {
        try (Harness worker = new Harness();
                Socket socket = worker.socket()) {
            String body = "{\"prompt\":\"x\",\"max_tokens\":1}";
            Harness.write(
                    socket,
                    "POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                            + "expect: 100-continue\r\nconnection: close\r\ncontent-length: " + body.length()
                            + "\r\n\r\n");
            byte[] asked = socket.getInputStream().readNBytes("HTTP/1.1 100".length());
            assertThat(asked).asString().isEqualTo("HTTP/1.1 100");
            Harness.write(socket, body);
            assertThat(Harness.read(socket)).contains("HTTP/1.1 200");
        }
    }

    @Test
    void serves2000ConnectionsAtOnce() throws Exception {
        try (Harness worker = new Harness()) {
            List<Socket> sockets = new ArrayList<>();
            String request = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
            for (int i = 0; i < 2_000; i++) {
                sockets.add(worker.socket());
            }
            for (Socket socket : sockets) {
                Harness.write(socket, request);
            }
            for (Socket socket : sockets) {
                assertThat(socket.getInputStream().readNBytes(12)).asString().isEqualTo("HTTP/1.1 200");
                socket.close();
            }
            worker.assertNothingLeft();
        }
    }

    @Test
    void tellsSurplusConnectionsSo() throws Exception {
        try (Harness worker = new Harness(Harness.options().with(new Limits(1_000, 10, 2, 1_000)))) {
            try (Socket one = worker.socket();
                    Socket two = worker.socket()) {
                Harness.write(one, "GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
                Harness.write(two, "GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
                assertThat(one.getInputStream().readNBytes(12)).asString().endsWith("200");
                assertThat(two.getInputStream().readNBytes(12)).asString().endsWith("200");
                try (Socket three = worker.socket()) {
                    Harness.write(three, "GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
                    assertThat(Harness.read(three)).startsWith("HTTP/1.1 503").contains("serves 2 connections");
                }
            }
        }
    }
}
