package io.llmserve.wire;

import static io.llmserve.wire.Bodies.chat;
import static io.llmserve.wire.Bodies.completion;
import static io.llmserve.wire.Bodies.refusal;
import static io.llmserve.wire.Bodies.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.HostPort;
import io.llmserve.wire.GenerationFields.HandoverFields;
import io.llmserve.wire.KvTransfer.KeepForDecode;
import io.llmserve.wire.KvTransfer.PullFromPrefill;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KvTransferTest {
    /// As a vLLM 0.32 sent it.
    private static final String FROM_VLLM = "{\"do_remote_prefill\": true, \"do_remote_decode\": false,"
            + " \"remote_block_ids\": [[1, 2, 7]], \"remote_engine_id\": \"a7e3\", \"remote_request_id\": \"cmpl-1\","
            + " \"remote_host\": \"127.0.0.1\", \"remote_port\": 5600, \"tp_size\": 1, \"dcp_size\": 1, \"pp_size\": 1,"
            + " \"remote_num_tokens\": 209, \"remote_blocks_expiry_time\": null, \"transfer_mode\": \"pull\","
            + " \"remote_prefill_cached_tokens\": 16}";

    private static final PullFromPrefill PULL = new PullFromPrefill(
            "a7e3", "cmpl-1", new HostPort("127.0.0.1", 5600), List.of(List.of(1, 2, 7)), OptionalInt.of(209), 16);

    @Test
    void readsWhatVllmSends() {
        assertThat(handover(FROM_VLLM).kvTransfer()).contains(PULL);
        assertThat(handover(FROM_VLLM.replace("[[1, 2, 7]]", "[1, 2, 7]")).kvTransfer())
                .as("the list of older versions")
                .contains(PULL);
        assertThat(handover("{\"do_remote_decode\":true,\"do_remote_prefill\":false,\"remote_host\":null}")
                        .kvTransfer())
                .contains(new KeepForDecode());
    }

    @Test
    void asksForNothingWhenBothAreFalse() {
        assertThat(handover("{}").kvTransfer()).isEmpty();
        assertThat(handover("null")).isEqualTo(HandoverFields.NONE);
        assertThat(handover("{\"do_remote_decode\":false,\"do_remote_prefill\":null,\"remote_port\":1}")
                        .kvTransfer())
                .isEmpty();
    }

    @Test
    void readsWhatItWrites() {
        PullFromPrefill early = PullFromPrefill.early("e", "r-1", new HostPort("::1", 20_001));
        for (KvTransfer transfer : List.of(PULL, new KeepForDecode(), early)) {
            assertThat(handover(new String(transfer.toJson(), StandardCharsets.UTF_8))
                            .kvTransfer())
                    .contains(transfer);
        }
        assertThat(new String(early.toJson(), StandardCharsets.UTF_8)).contains("\"remote_block_ids\":null");
    }

    @Test
    void standsInAWholeAnswer() {
        byte[] answer = AnswerWriter.write(
                new AnswerHead(AnswerShape.TEXT, "cmpl-1", 1, "m", "f"),
                List.of(),
                Usage.NONE,
                List.of(),
                Optional.of(PULL));
        assertThat(JsonMember.value(answer, "kv_transfer_params")).hasValue(PULL.toJson());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            7                                                    | kv_transfer_params
            {"do_remote_decode":1}                               | kv_transfer_params.do_remote_decode
            {"do_remote_decode":true,"do_remote_prefill":true}   | kv_transfer_params
            {"do_remote_prefill":true}                           | kv_transfer_params.remote_engine_id
            {"do_remote_prefill":true,"remote_engine_id":"e","remote_request_id":"r","remote_port":1} | kv_transfer_params.remote_host
            {"do_remote_prefill":true,"remote_engine_id":"e","remote_request_id":"r","remote_host":"h"} | kv_transfer_params.remote_port
            {"remote_port":65536}                                | kv_transfer_params.remote_port
            {"remote_port":"x"}                                  | kv_transfer_params.remote_port
            {"remote_block_ids":[[-1]]}                          | kv_transfer_params.remote_block_ids[0][0]
            {"do_remote_prefill":true,"remote_engine_id":"e","remote_request_id":"r","remote_host":"a b","remote_port":1} | kv_transfer_params.remote_host
            """)
    void refusesWhatNobodyCouldFollow(String object, String parameter) {
        assertThat(refusal(() -> handover(object)).parameter()).isEqualTo(parameter);
    }

    @Test
    void readsTokensToResumeFrom() {
        assertThat(ChatRequest.parse(chat(",\"resume_token_ids\":[5,0,7]"))
                        .generation()
                        .handover()
                        .resumeTokenIds())
                .containsExactly(5, 0, 7);
    }

    @Test
    void resumesOneSequenceOnly() {
        assertThat(refusal(() -> ChatRequest.parse(chat(",\"n\":2,\"resume_token_ids\":[1]")))
                        .messageText())
                .isEqualTo("resume_token_ids continues one choice, but n is 2.");
        byte[] two = utf8("{\"prompt\":[\"a\",\"b\"],\"resume_token_ids\":[1]}");
        assertThat(refusal(() -> CompletionRequest.parse(two)).messageText())
                .isEqualTo("resume_token_ids continues one prompt, but there are 2.");
    }

    private static HandoverFields handover(String object) {
        return CompletionRequest.parse(completion(",\"kv_transfer_params\":" + object))
                .generation()
                .handover();
    }
}
