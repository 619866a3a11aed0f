package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/// What passes through when all goes well.
final class ProxyTest {
    private static final String BODY =
            "{\"model\" : \"m\",  \"messages\":[{\"role\":\"user\",\"content\":\"é 日 \\ud83d\"}]}";
    private static final String STREAMED = "{\"model\":\"m\",\"stream\":true}";

    @Test
    void forwardsTheBodysBytesUnchanged() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{\"ok\":1}"));
                Rig rig = new Rig(worker)) {
            RawClient.Answer answer = rig.post(BODY);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("{\"ok\":1}");
            assertThat(answer.header("content-type")).isEqualTo("application/json");
            assertThat(worker.received).hasSize(1);
            assertThat(worker.received.getFirst().body()).isEqualTo(BODY);
            assertThat(worker.received.getFirst().uri()).isEqualTo(Rig.CHAT);
        }
    }

    @Test
    void passesStreamsOnEventByEvent() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.stream(3, 1));
                Rig rig = new Rig(worker)) {
            RawClient.Answer answer = rig.post(STREAMED);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("content-type")).startsWith("text/event-stream");
            assertThat(answer.body())
                    .isEqualTo("data: {\"i\":0}\n\ndata: {\"i\":1}\n\ndata: {\"i\":2}\n\ndata: [DONE]\n\n");
            assertThat(answer.complete()).isTrue();
        }
    }

    @Test
    void doesNotHoldAnEventBackUntilTheNext() throws IOException {
        FakeWorker.Script first = (request, wire) -> {
            wire.beginStream();
            wire.chunk("data: {\"i\":0}\n\n");
            return FakeWorker.hang(wire);
        };
        try (FakeWorker worker = new FakeWorker(first);
                Rig rig = new Rig(worker)) {
            RawClient client = rig.client().send(RawClient.post(Rig.CHAT, STREAMED));
            client.readUntil("data: {\"i\":0}\n\n");
        }
    }

    @Test
    void passesErrorsOfWorkersOnUnchanged() throws IOException {
        String error = "{\"error\":{\"message\":\"no\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}}";
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(400, error));
                Rig rig = new Rig(worker)) {
            RawClient.Answer answer = rig.post(BODY);
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).isEqualTo(error);
        }
    }

    @Test
    void servesManyRequestsOfOneConnectionAndPipelinedOnesInOrder() throws IOException {
        FakeWorker.Script echo =
                (request, wire) -> FakeWorker.json(200, request.body()).answer(request, wire);
        try (FakeWorker worker = new FakeWorker(echo);
                Rig rig = new Rig(worker)) {
            RawClient client = rig.client();
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < 20; i++) {
                all.append(RawClient.post(Rig.CHAT, "{\"model\":\"m\",\"i\":" + i + "}"));
            }
            client.send(all.toString());
            for (int i = 0; i < 20; i++) {
                assertThat(client.read().body()).isEqualTo("{\"model\":\"m\",\"i\":" + i + "}");
            }
        }
    }
}
