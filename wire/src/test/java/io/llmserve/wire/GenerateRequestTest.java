package io.llmserve.wire;

import static io.llmserve.wire.Bodies.refusal;
import static io.llmserve.wire.Bodies.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.FinishReason;
import io.llmserve.core.HostPort;
import io.llmserve.wire.KvTransfer.PullFromPrefill;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerateRequestTest {
    private static final AnswerHead HEAD = new AnswerHead(AnswerShape.TOKENS, "generate-tokens-r", 7, "m", "f");

    @Test
    void readsWhatVllmIsSent() {
        GenerateRequest request = GenerateRequest.parse(utf8("""
                {"model": "m", "token_ids": [5, 6], "stream": true, "cache_salt": "s",
                 "sampling_params": {"max_tokens": 6, "temperature": 0.5, "n": 2, "seed": 3, "logprobs": 1, "stop": ["x"]},
                 "kv_transfer_params": {"do_remote_decode": true}}"""));
        GenerationFields fields = request.generation();
        assertThat(request.tokenIds()).containsExactly(5, 6);
        assertThat(fields.model()).contains("m");
        assertThat(fields.choices()).isEqualTo(2);
        assertThat(fields.output().stream()).isTrue();
        assertThat(fields.output().returnTokenIds()).isTrue();
        assertThat(fields.sampling().stopping().maxTokens()).hasValue(6);
        assertThat(fields.sampling().stopping().stop()).containsExactly("x");
        assertThat(fields.sampling().truncation().temperature()).isEqualTo(0.5f);
        assertThat(fields.sampling().seed()).hasValue(3);
        assertThat(fields.sampling().logprobs()).isEqualTo(1);
        assertThat(fields.handover().kvTransfer()).contains(new KvTransfer.KeepForDecode());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            {}                                                        | token_ids
            {"token_ids":[]}                                          | token_ids
            {"token_ids":[1,-1]}                                      | token_ids[1]
            {"token_ids":"a"}                                         | token_ids
            {"token_ids":[1],"sampling_params":{"temperature":-1}}    | sampling_params.temperature
            {"token_ids":[1],"sampling_params":{"max_tokens":0}}      | sampling_params.max_tokens
            {"token_ids":[1],"sampling_params":[]}                    | sampling_params
            {"token_ids":[1],"output_mode":"text"}                    | output_mode
            {"token_ids":[1],"kv_transfer_params":{"do_remote_prefill":true,"remote_engine_id":"e","remote_request_id":"r","remote_port":1}} | kv_transfer_params.remote_host
            """)
    void namesTheFieldThatIsWrong(String body, String field) {
        assertThat(refusal(() -> GenerateRequest.parse(utf8(body))).parameter()).isEqualTo(field);
    }

    @Test
    void answersTokensWhereTextWouldBe() {
        ChoicePart part = new ChoicePart(0, "", null, new int[] {8, 9}, Finish.usual(FinishReason.LENGTH));
        KvTransfer pages = new PullFromPrefill(
                "e", "r", new HostPort("127.0.0.1", 20001), List.of(List.of(3)), OptionalInt.of(16), 0);
        byte[] answer = AnswerWriter.write(HEAD, List.of(part), new Usage(2, 2, 0), List.of(), Optional.of(pages));
        assertThat(new String(answer, StandardCharsets.UTF_8))
                .startsWith(
                        "{\"request_id\":\"generate-tokens-r\",\"created\":7,\"model\":\"m\",\"output_mode\":\"tokens\"")
                .contains("\"choices\":[{\"index\":0,\"logprobs\":null,\"finish_reason\":\"length\"")
                .contains("\"token_ids\":[8,9]}]")
                .contains("\"remote_block_ids\":[[3]]");
        assertThat(new String(new ChunkWriter(HEAD).part(part, null, null), StandardCharsets.UTF_8))
                .startsWith(
                        "data: {\"request_id\":\"generate-tokens-r\",\"output_mode\":\"tokens\",\"choices\":[{\"index\":0")
                .contains("\"token_ids\":[8,9]}]");
    }
}
