package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/// Workers come and go.
final class HealthTest {
    private static final String BODY = "{\"model\":\"m\"}";

    @Test
    void isReadyWhileAWorkerIs() throws IOException {
        try (FakeWorker worker = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(worker)) {
            assertThat(rig.get("/ready").status()).isEqualTo(200);
            worker.healthy(false);
            Rig.eventually("not ready", () -> status(rig, "/ready") == 503);
            RawClient.Answer answer = rig.get("/ready");
            assertThat(answer.body())
                    .contains("0 of 1 workers are available (" + worker.endpoint() + ": /health answered 503)");
            assertThat(answer.header("retry-after")).isEqualTo("1");
            assertThat(rig.get("/health").status()).isEqualTo(200);
            assertThat(rig.post(BODY).status()).isEqualTo(503);
            rig.awaitMetric(0, "llmserve_worker_up");
            worker.healthy(true);
            Rig.eventually("ready again", () -> status(rig, "/ready") == 200);
        }
    }

    @Test
    void startsWithoutWorkersAndFindsThemLater() throws IOException {
        FakeWorker gone = new FakeWorker(FakeWorker.json(200, "{}"));
        gone.close();
        try (Rig rig = new Rig(gone)) {
            RawClient.Answer answer = rig.post(BODY);
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.body())
                    .contains("0 of 1 workers")
                    .contains(gone.endpoint().toString());
            try (FakeWorker back = new FakeWorker(gone.endpoint().port(), FakeWorker.json(200, "{}"))) {
                Rig.eventually("served", () -> status(rig, "/ready") == 200);
                assertThat(rig.post(BODY).status()).isEqualTo(200);
                assertThat(back.received).hasSize(1);
            }
        }
    }

    @Test
    void aWorkerThatVanishesCostsNoRequest() throws IOException {
        try (FakeWorker stays = new FakeWorker(FakeWorker.json(200, "{}"));
                FakeWorker goes = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(stays, goes)) {
            for (int i = 0; i < 40; i++) {
                if (i == 10) {
                    goes.vanish();
                }
                assertThat(rig.post(BODY).status()).isEqualTo(200);
            }
            assertThat(goes.received).isNotEmpty();
        }
    }

    @Test
    void aWorkerThatFailsRequestsIsLeftOutThoughItsHealthCheckIsGood() throws IOException {
        try (FakeWorker bad = new FakeWorker((request, wire) -> false);
                FakeWorker good = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(bad, good)) {
            for (int i = 0; i < 30; i++) {
                assertThat(rig.post(BODY).status()).isEqualTo(200);
            }
            assertThat(bad.received.size()).isBetween(3, 12);
            bad.script(FakeWorker.json(200, "{}"));
            Rig.eventually("it is back", () -> rig.metric("llmserve_worker_up") == 2);
        }
    }

    @Test
    void sharesRequestsAmongIdleWorkersInTurn() throws IOException {
        try (FakeWorker one = new FakeWorker(FakeWorker.json(200, "{}"));
                FakeWorker two = new FakeWorker(FakeWorker.json(200, "{}"));
                FakeWorker three = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = new Rig(one, two, three)) {
            for (int i = 0; i < 9; i++) {
                rig.post(BODY);
            }
            assertThat(one.received).hasSize(3);
            assertThat(two.received).hasSize(3);
            assertThat(three.received).hasSize(3);
        }
    }

    @Test
    void mergesTheModelsOfAllWorkers() throws IOException {
        try (FakeWorker one = new FakeWorker(FakeWorker.json(200, "{}"), "b", "a");
                FakeWorker two = new FakeWorker(FakeWorker.json(200, "{}"), "b");
                Rig rig = new Rig(one, two)) {
            assertThat(rig.get("/v1/models").body())
                    .isEqualTo("{\"object\":\"list\",\"data\":[{\"id\":\"a\",\"object\":\"model\"},"
                            + "{\"id\":\"b\",\"object\":\"model\"}]}");
            assertThat(rig.get("/version").body()).isEqualTo("{\"version\":\"1.2.3\"}");
        }
    }

    @Test
    void describesOneModelByItsName() throws IOException {
        try (FakeWorker one = new FakeWorker(FakeWorker.json(200, "{}"), "organisation/name", "a+b");
                Rig rig = new Rig(one)) {
            assertThat(rig.get("/v1/models/organisation/name").body())
                    .isEqualTo("{\"id\":\"organisation/name\",\"object\":\"model\"}");
            assertThat(rig.get("/v1/models/organisation%2Fname").status()).isEqualTo(200);
            assertThat(rig.get("/v1/models/a+b").status()).isEqualTo(200);
            assertThat(rig.get("/v1/models/b").status()).isEqualTo(404);
            assertThat(rig.get("/v1/models/%zz").status()).isEqualTo(400);
        }
    }

    private static int status(Rig rig, String path) {
        try {
            return rig.get(path).status();
        } catch (IOException broken) {
            throw new java.io.UncheckedIOException(broken);
        }
    }
}
