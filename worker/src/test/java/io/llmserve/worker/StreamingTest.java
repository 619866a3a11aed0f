package io.llmserve.worker;

import static io.llmserve.worker.Harness.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.wire.SseEvent;
import io.llmserve.worker.WorkerOptions.Limits;
import io.llmserve.worker.WorkerOptions.Timeouts;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What can go wrong while an answer is on its way.
class StreamingTest {
    private static final String STREAM = "{\"prompt\":\"x\",\"max_tokens\":150,\"stream\":true}";

    @Test
    void cancelsAtOnceWhenTheClientGoesMidStream() throws Exception {
        try (Harness worker = new Harness()) {
            worker.engine.says("abc");
            worker.engine.allow(3);
            try (Socket socket = worker.socket()) {
                Harness.write(socket, Harness.rawPost(TEXT, STREAM));
                readUntil(socket, "c\",\"logprobs\"");
                assertThat(worker.engine.live()).isEqualTo(1);
            }
            Harness.eventually(() -> worker.engine.live() == 0);
            worker.assertNothingLeft();
        }
    }

    @Test
    void cancelsAtOnceWhenTheClientGoesBeforeAWholeAnswer() throws Exception {
        try (Harness worker = new Harness()) {
            worker.engine.allow(0);
            try (Socket socket = worker.socket()) {
                Harness.write(socket, Harness.rawPost(TEXT, "{\"prompt\":\"x\",\"n\":4}"));
                Harness.eventually(() -> worker.engine.live() == 4);
            }
            Harness.eventually(() -> worker.engine.live() == 0);
            worker.assertNothingLeft();
        }
    }

    @Test
    void sendsAnErrorEventWhenTheEngineFailsMidStream() throws Exception {
        try (Harness worker = new Harness();
                Socket socket = worker.socket()) {
            worker.engine.allow(1);
            Harness.write(socket, Harness.rawPost(TEXT, STREAM));
            readUntil(socket, "\"text\":\"H\"");
            worker.engine.failWith(new ServeException(Failure.INTERNAL, "The engine broke."));
            worker.engine.allow(10);
            assertThat(readUntil(socket, "data: [DONE]"))
                    .contains("data: {\"error\":{\"message\":\"The engine broke.\",\"type\":\"InternalServerError\"");
            worker.assertNothingLeft();
        }
    }

    @Test
    void answersWithTheEnginesFailureWhereNothingWasSentYet() {
        try (Harness worker = new Harness()) {
            worker.engine.failWith(new ServeException(Failure.INTERNAL, "The engine broke."));
            HttpResponse<String> response = worker.post(TEXT, "{\"prompt\":\"x\",\"n\":3}");
            assertThat(response.statusCode()).isEqualTo(500);
            assertThat(response.body()).contains("The engine broke.");
            worker.assertNothingLeft();
        }
    }

    @Test
    void endsWithATimeoutWhatTakesTooLong() {
        Timeouts hasty = new Timeouts(
                Duration.ofSeconds(60), Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofMillis(100));
        try (Harness worker = new Harness(Harness.options().with(hasty))) {
            worker.engine.allow(0);
            HttpResponse<String> whole = worker.post(TEXT, "{\"prompt\":\"x\"}");
            assertThat(whole.statusCode()).isEqualTo(504);
            worker.engine.allow(1);
            List<SseEvent> events = Harness.events(worker.post(TEXT, STREAM));
            assertThat(Harness.json(events.get(events.size() - 2).data())
                            .at("/error/type")
                            .textValue())
                    .isEqualTo("TimeoutError");
            Harness.eventually(() -> worker.engine.live() == 0);
        }
    }

    @Test
    void cutsAReaderThatTakesNothing() throws Exception {
        Timeouts impatient = new Timeouts(
                Duration.ofSeconds(60), Duration.ofSeconds(30), Duration.ofMillis(200), Duration.ofMinutes(5));
        try (Harness worker =
                new Harness(Harness.options().with(impatient).with(new Limits(16 << 20, 10, 10, 1_000)))) {
            worker.engine.allow(0);
            try (Socket socket = new Socket()) {
                socket.setReceiveBufferSize(4_096);
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), worker.server.port()));
                Harness.write(
                        socket,
                        Harness.rawPost(
                                TEXT,
                                "{\"prompt\":\"x\",\"max_tokens\":199,\"n\":128,\"stream\":true,\"logprobs\":20}"));
                Harness.eventually(() -> worker.engine.live() == 128);
                worker.engine.allow(190);
                Harness.eventually(() -> worker.engine.live() == 0);
            }
            worker.assertNothingLeft();
        }
    }

    private static String readUntil(Socket socket, String wanted) throws Exception {
        StringBuilder seen = new StringBuilder();
        byte[] part = new byte[1_024];
        while (seen.indexOf(wanted) < 0) {
            int length = socket.getInputStream().read(part);
            if (length < 0) {
                throw new AssertionError("ended with " + seen);
            }
            seen.append(new String(part, 0, length, StandardCharsets.UTF_8));
        }
        return seen.toString();
    }
}
