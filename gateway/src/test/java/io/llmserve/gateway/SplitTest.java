package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.gateway.GatewayOptions.Discovery;
import io.llmserve.gateway.GatewayOptions.Hops;
import io.llmserve.gateway.GatewayOptions.Policy;
import io.llmserve.gateway.WorkerSource.Fixed;
import io.llmserve.routing.SplitOptions;
import io.llmserve.wire.DiscoveryMessage.Register;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/// Requests of two hops, in vLLM's protocol, and what happens when one of them fails: the request ends right,
/// or in one clear error.
final class SplitTest {
    private static final FakeWorker.Script DIES = (request, wire) -> false;
    private static final FakeWorker.Script HANGS = (request, wire) -> FakeWorker.hang(wire);
    private static final GatewayOptions OPTIONS = Rig.OPTIONS.with(
            new Hops(Duration.ofMillis(500), Duration.ofSeconds(5), 4, Policy.ROUND_ROBIN, SplitOptions.ALWAYS));
    private static final String BODY =
            "{\"model\":\"m\", \"max_tokens\" : 4,\"prompt\":\"once upon\",\"temperature\":0,\"stream\":true,"
                    + "\"stream_options\":{\"include_usage\":true},\"unknown\":{\"é\":[1.0]}}";

    private final ContractWorker prefilling = new ContractWorker();
    private final ContractWorker decoding = new ContractWorker();

    /// One prefill and one decode worker, listed.
    private static Rig pair(FakeWorker prefill, FakeWorker decode) {
        return new Rig(
                OPTIONS,
                List.of(
                        new Fixed(prefill.endpoint(), WorkerRole.PREFILL),
                        new Fixed(decode.endpoint(), WorkerRole.DECODE)));
    }

    @Test
    void speaksVllmsProtocol() throws IOException {
        prefilling.transferFields(",\"a_field_of_tomorrow\" : {\"deep\":[ 1]}");
        try (FakeWorker prefill = new FakeWorker(prefilling).owner("vllm");
                FakeWorker decode = new FakeWorker(decoding).owner("vllm");
                Rig rig = pair(prefill, decode)) {
            ContractWorker.Read read =
                    ContractWorker.Read.of(ask(rig, "x-request-id: r-1").body());
            assertThat(read.text()).isEqualTo(ContractWorker.text(new JsonObject(BODY)));
            assertThat(read.usages()).isEqualTo(1);
            FakeWorker.Received one = prefill.received.getFirst();
            assertThat(one.headers()).containsEntry("x-request-id", "r-1");
            assertThat(new JsonObject(one.body()))
                    .isEqualTo(new JsonObject(
                            "{\"model\":\"m\",\"max_tokens\":1,\"prompt\":\"once upon\",\"temperature\":0,"
                                    + "\"stream\":false,\"unknown\":{\"é\":[1.0]},\"kv_transfer_params\":{\"do_remote_decode\":true,"
                                    + "\"do_remote_prefill\":false,\"remote_engine_id\":null,\"remote_block_ids\":null,"
                                    + "\"remote_host\":null,\"remote_port\":null}}"));
            FakeWorker.Received two = decode.received.getFirst();
            assertThat(two.headers()).containsEntry("x-request-id", "r-1");
            assertThat(two.body())
                    .as("the client's bytes, the object as it came, and that another worker may have to go on")
                    .isEqualTo(
                            "{\"return_token_ids\":true," + BODY.substring(1, BODY.length() - 1)
                                    + ",\"kv_transfer_params\":{\"do_remote_prefill\": true, \"do_remote_decode\":false,"
                                    + "\"remote_block_ids\":[[1,2]],\"remote_engine_id\":\"e\",\"remote_request_id\":\"r-1\","
                                    + "\"remote_host\":\"127.0.0.1\",\"remote_port\":20001,\"a_field_of_tomorrow\" : {\"deep\":[ 1]}}}");
            rig.awaitMetric(1, "llmserve_routing_decisions", "split");
            rig.awaitMetric(1, "llmserve_prefill_hop_seconds");
            rig.awaitMetric(1, "llmserve_handover_seconds");
        }
    }

    @Test
    void asksChatsForOneTokenInBothSpellings() throws IOException {
        try (FakeWorker prefill = new FakeWorker(prefilling);
                FakeWorker decode = new FakeWorker(decoding);
                Rig rig = pair(prefill, decode)) {
            rig.post("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":3,"
                    + "\"max_completion_tokens\":3,\"min_tokens\":2}");
            JsonObject one = new JsonObject(prefill.received.getFirst().body());
            assertThat(one.getInteger("max_tokens")).isEqualTo(1);
            assertThat(one.getInteger("max_completion_tokens")).isEqualTo(1);
            assertThat(one.containsKey("min_tokens")).isFalse();
        }
    }

    @Test
    void splitsTokensInTokensOut() throws IOException {
        String body =
                "{\"model\":\"m\",\"token_ids\":[1,2],\"sampling_params\":{\"max_tokens\":3, \"min_tokens\":2,\"top_k\":1}}";
        try (FakeWorker prefill = new FakeWorker(prefilling);
                FakeWorker decode = new FakeWorker(FakeWorker.json(200, "{}"));
                Rig rig = pair(prefill, decode)) {
            rig.client().send(RawClient.post("/inference/v1/generate", body)).read();
            JsonObject one = new JsonObject(prefill.received.getFirst().body());
            assertThat(one.getJsonObject("sampling_params"))
                    .isEqualTo(new JsonObject().put("max_tokens", 1).put("top_k", 1));
            assertThat(one.containsKey("max_tokens")).isFalse();
            assertThat(one.getJsonObject("kv_transfer_params").getBoolean("do_remote_decode"))
                    .isTrue();
            FakeWorker.Received two = decode.received.getFirst();
            assertThat(two.uri()).isEqualTo("/inference/v1/generate");
            assertThat(two.body()).startsWith(body.substring(0, body.length() - 1) + ",\"kv_transfer_params\":{");
            String several = body.replace("\"top_k\"", "\"n\"").replace(":1}}", ":2}}");
            rig.client().send(RawClient.post("/inference/v1/generate", several)).read();
            assertThat(prefill.received).as("two choices").hasSize(1);
            assertThat(decode.received).hasSize(2);
        }
    }

    @Test
    void whatCannotBeSplitGoesToDecodeWhole() throws IOException {
        try (FakeWorker prefill = new FakeWorker(prefilling);
                FakeWorker decode = new FakeWorker(decoding);
                Rig rig = pair(prefill, decode)) {
            post(rig, "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"],\"max_tokens\":2}");
            post(rig, "{\"model\":\"m\",\"prompt\":\"a\",\"n\":2,\"max_tokens\":2}");
            post(rig, "{\"model\":\"m\",\"prompt\":\"a\",\"echo\":true,\"logprobs\":1,\"max_tokens\":0}");
            assertThat(prefill.received).isEmpty();
            assertThat(decode.received).hasSize(3);
            post(rig, "{\"model\":\"m\",\"prompt\":[1,2],\"max_tokens\":2}");
            assertThat(prefill.received).hasSize(1);
        }
    }

    @Test
    void embeddedWorkersGetBothHopsAtOnce() throws IOException {
        CountDownLatch decodeAsked = new CountDownLatch(1);
        prefilling.failAt(0, (request, wire) -> {
            decodeAsked.await();
            return true;
        });
        FakeWorker.Script fetches = (request, wire) -> {
            decodeAsked.countDown();
            return decoding.answer(request, wire);
        };
        try (FakeWorker prefill = new FakeWorker(prefilling).owner("llmserve");
                FakeWorker decode = new FakeWorker(fetches).owner("llmserve");
                Rig rig = discovering();
                FakeAnnouncer worker = new FakeAnnouncer(rig.gateway.discoveryPort())) {
            join(rig, worker, prefill, decode);
            ContractWorker.Read read =
                    ContractWorker.Read.of(ask(rig, "x-request-id: r-2").body());
            assertThat(read.text()).isEqualTo(ContractWorker.text(new JsonObject(BODY)));
            JsonObject early = new JsonObject(decode.received.getFirst().body()).getJsonObject("kv_transfer_params");
            assertThat(early.getString("remote_engine_id"))
                    .isEqualTo("engine-" + prefill.endpoint().port());
            assertThat(early.getString("remote_request_id")).isEqualTo("r-2");
            assertThat(early.getInteger("remote_port")).isEqualTo(20_001);
            assertThat(early.getJsonArray("remote_block_ids")).isNull();
            assertThat(prefill.received.getFirst().headers()).containsEntry("x-request-id", "r-2");
        }
    }

    @Test
    void namesBothAddressesInTheIdForP2pNccl() throws IOException {
        try (FakeWorker prefill = new FakeWorker(prefilling);
                FakeWorker decode = new FakeWorker(decoding);
                Rig rig = discovering();
                FakeAnnouncer worker = new FakeAnnouncer(rig.gateway.discoveryPort())) {
            worker.ping("P", prefill.endpoint(), new HostPort("10.0.0.1", 21_001));
            worker.ping("D", decode.endpoint(), new HostPort("10.0.0.2", 22_001));
            rig.awaitMetric(2, "llmserve_worker_up");
            ask(rig, "x-request-id: r-3");
            String id = "___prefill_addr_10.0.0.1:21001___decode_addr_10.0.0.2:22001_r-3";
            assertThat(prefill.received.getFirst().headers()).containsEntry("x-request-id", id);
            assertThat(decode.received.getFirst().headers()).containsEntry("x-request-id", id);
            assertThat(prefill.received.getFirst().body()).doesNotContain("kv_transfer_params");
            assertThat(decode.received.getFirst().body()).isEqualTo(BODY);
        }
    }

    @Test
    void aPrefillThatDiesIsReplacedByAnother() throws IOException {
        prefilling.failAt(0, DIES);
        try (FakeWorker dying = new FakeWorker(prefilling);
                FakeWorker other = new FakeWorker(new ContractWorker());
                FakeWorker decode = new FakeWorker(decoding);
                Rig rig = new Rig(
                        OPTIONS,
                        List.of(
                                new Fixed(dying.endpoint(), WorkerRole.PREFILL),
                                new Fixed(other.endpoint(), WorkerRole.PREFILL),
                                new Fixed(decode.endpoint(), WorkerRole.DECODE)))) {
            assertRight(ask(rig));
            assertThat(other.received).hasSize(1);
            assertThat(decode.received).hasSize(1);
            assertThat(other.received.getFirst().headers().get("x-request-id"))
                    .as("pages of the first pair are not taken for those of the second")
                    .isNotEqualTo(dying.received.getFirst().headers().get("x-request-id"));
        }
    }

    @Test
    void withoutAnotherPrefillDecodeComputesThePrompt() throws IOException {
        List<FakeWorker.Script> faults = List.of(
                DIES,
                HANGS,
                FakeWorker.json(503, "{\"error\":{\"message\":\"full\"}}"),
                FakeWorker.json(200, "not json"));
        for (FakeWorker.Script fault : faults) {
            ContractWorker script = new ContractWorker();
            try (FakeWorker prefill = new FakeWorker(fault);
                    FakeWorker decode = new FakeWorker(script);
                    Rig rig = pair(prefill, decode)) {
                assertRight(ask(rig));
                assertThat(decode.received.getFirst().body()).isEqualTo(BODY);
                rig.awaitMetric(1, "llmserve_hop_recoveries", "prefill");
            }
        }
    }

    @Test
    void anAnswerOfPrefillWithoutPagesIsNoReasonToWaitForThem() throws IOException {
        prefilling.givesTransfer(false);
        try (FakeWorker prefill = new FakeWorker(prefilling);
                FakeWorker decode = new FakeWorker(decoding);
                Rig rig = pair(prefill, decode)) {
            assertRight(ask(rig));
            assertThat(decode.received.getFirst().body()).isEqualTo(BODY);
        }
    }

    @Test
    void whenPagesCannotBeFetchedDecodeComputesThePrompt() throws IOException {
        FakeWorker.Script failsToLoad = (request, wire) -> request.body().contains("kv_transfer_params")
                ? FakeWorker.json(500, "{\"error\":{\"message\":\"no such engine\",\"code\":500}}")
                        .answer(request, wire)
                : decoding.answer(request, wire);
        try (FakeWorker prefill = new FakeWorker(prefilling);
                FakeWorker decode = new FakeWorker(failsToLoad);
                Rig rig = pair(prefill, decode)) {
            assertRight(ask(rig));
            assertThat(decode.received).hasSize(2);
            rig.awaitMetric(1, "llmserve_hop_recoveries", "transfer");
        }
    }

    @Test
    void aDecodeThatDiesBeforeItsFirstTokenIsReplacedByAnother() throws IOException {
        try (FakeWorker prefill = new FakeWorker(prefilling);
                FakeWorker dying = new FakeWorker(DIES);
                FakeWorker other = new FakeWorker(decoding);
                Rig rig = new Rig(
                        OPTIONS,
                        List.of(
                                new Fixed(prefill.endpoint(), WorkerRole.PREFILL),
                                new Fixed(dying.endpoint(), WorkerRole.DECODE),
                                new Fixed(other.endpoint(), WorkerRole.DECODE)))) {
            assertRight(ask(rig));
            assertThat(other.received.getFirst().body()).contains("do_remote_prefill");
        }
    }

    @Test
    void aPrefillThatDiesWhileDecodeWaitsForItIsGoneAround() throws IOException {
        CountDownLatch decodeWaits = new CountDownLatch(1);
        FakeWorker.Script dies = (request, wire) -> {
            decodeWaits.await();
            return false;
        };
        FakeWorker.Script waits = (request, wire) -> {
            if (request.body().contains("kv_transfer_params")) {
                decodeWaits.countDown();
                return FakeWorker.hang(wire);
            }
            return decoding.answer(request, wire);
        };
        try (FakeWorker prefill = new FakeWorker(dies).owner("llmserve");
                FakeWorker decode = new FakeWorker(waits).owner("llmserve");
                Rig rig = discovering();
                FakeAnnouncer worker = new FakeAnnouncer(rig.gateway.discoveryPort())) {
            join(rig, worker, prefill, decode);
            assertRight(ask(rig));
            assertThat(decode.received).hasSize(2);
            assertThat(decode.abandoned.get()).isEqualTo(1);
        }
    }

    @Test
    void whatPrefillRefusesTheClientIsTold() throws IOException {
        String refusal =
                "{\"error\":{\"message\":\"too long\",\"type\":\"BadRequestError\",\"param\":\"input_tokens\",\"code\":400}}";
        try (FakeWorker prefill = new FakeWorker(FakeWorker.json(400, refusal));
                FakeWorker decode = new FakeWorker(decoding);
                Rig rig = pair(prefill, decode)) {
            RawClient.Answer answer = ask(rig);
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).isEqualTo(refusal);
            assertThat(decode.received).isEmpty();
        }
    }

    @Test
    void bothHopsEndWhenTheClientLeaves() throws IOException {
        try (FakeWorker prefill = new FakeWorker(HANGS).owner("llmserve");
                FakeWorker decode = new FakeWorker(HANGS).owner("llmserve");
                Rig rig = discovering();
                FakeAnnouncer worker = new FakeAnnouncer(rig.gateway.discoveryPort())) {
            join(rig, worker, prefill, decode);
            RawClient client = rig.client().send(RawClient.post("/v1/completions", BODY));
            Rig.eventually("both run", () -> prefill.busy.get() == 1 && decode.busy.get() == 1);
            client.close();
            Rig.eventually("both are told", () -> prefill.abandoned.get() == 1 && decode.abandoned.get() == 1);
        }
    }

    @Test
    void withAllWorkersGoneThereIsOneClearError() throws IOException {
        try (FakeWorker prefill = new FakeWorker(prefilling);
                FakeWorker decode = new FakeWorker(decoding);
                Rig rig = pair(prefill, decode)) {
            prefill.vanish();
            decode.vanish();
            RawClient.Answer answer = ask(rig);
            assertThat(answer.status()).isIn(502, 503);
            assertThat(new JsonObject(answer.body()).getJsonObject("error").getString("message"))
                    .contains(decode.endpoint().toString());
        }
    }

    private static Rig discovering() {
        return new Rig(OPTIONS.with(Discovery.at("127.0.0.1", 0)), List.of());
    }

    private static void join(Rig rig, FakeAnnouncer announcer, FakeWorker prefill, FakeWorker decode) {
        announcer.say(new Register(ContractWorker.announcement(prefill, WorkerRole.PREFILL)));
        announcer.say(new Register(ContractWorker.announcement(decode, WorkerRole.DECODE)));
        rig.awaitMetric(2, "llmserve_worker_up");
    }

    private static void assertRight(RawClient.Answer answer) {
        assertThat(answer.status()).isEqualTo(200);
        assertThat(ContractWorker.Read.of(answer.body()).text()).isEqualTo(ContractWorker.text(new JsonObject(BODY)));
        assertThat(answer.body()).endsWith("data: [DONE]\n\n");
    }

    private static RawClient.Answer ask(Rig rig, String... headers) throws IOException {
        return rig.client()
                .send(RawClient.post("/v1/completions", BODY, headers))
                .read();
    }

    private static RawClient.Answer post(Rig rig, String body) throws IOException {
        return rig.client().send(RawClient.post("/v1/completions", body)).read();
    }
}
