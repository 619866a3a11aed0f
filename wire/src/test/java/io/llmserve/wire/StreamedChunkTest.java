package io.llmserve.wire;

import static io.llmserve.wire.Bodies.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.FinishReason;
import io.llmserve.core.ServeException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class StreamedChunkTest {
    private static final int[] PROMPT = {7, 8};

    /// What a client gets that asked for no token ids is what a worker writes that was not asked for them.
    @ParameterizedTest
    @EnumSource
    void withoutTokenIdsAChunkIsAsIfNobodyHadAskedForThem(AnswerShape shape) {
        ChunkWriter writer = new ChunkWriter(new AnswerHead(shape, "id-1", 1, "m", "f"));
        Finish end = Finish.usual(FinishReason.LENGTH);
        byte[] asked = writer.part(new ChoicePart(0, "a \"b\"", null, new int[] {1, 2, 3, 4, 5}, end), null, PROMPT);
        byte[] plain = writer.part(new ChoicePart(0, "a \"b\"", null, null, end), null, null);
        StreamedChunk chunk = StreamedChunk.read(data(asked));
        assertThat(chunk.tokenIds()).containsExactly(1, 2, 3, 4, 5);
        assertThat(chunk.promptTokenIds()).isEqualTo(PROMPT);
        assertThat(chunk.finishes()).isTrue();
        assertThat(chunk.saysAnything()).isTrue();
        assertThat(text(chunk.rewritten(null, false))).isEqualTo(text(data(plain)));
        assertThat(chunk.rewritten(null, true)).isEqualTo(data(asked));
    }

    @Test
    void takesTheIdentityOfAnotherChunk() {
        StreamedChunk first = StreamedChunk.read(
                utf8("{\"id\":\"a\\\"\\\\\",\"created\":1 ,\"system_fingerprint\":null,\"choices\":[]}"));
        StreamedChunk second =
                StreamedChunk.read(utf8("{\"usage\":{},\"prompt_token_ids\":[1],\"created\":22, \"id\":\"b\","
                        + "\"system_fingerprint\" : \"f\",\"choices\":[{\"token_ids\":[1],\"index\":0}]}"));
        assertThat(text(second.rewritten(first.identity(), false)))
                .isEqualTo("{\"usage\":{},\"created\":1, \"id\":\"a\\\"\\\\\",\"system_fingerprint\" : null,"
                        + "\"choices\":[{\"index\":0}]}");
        assertThat(text(first.identity().usage(3, 4)))
                .isEqualTo("{\"id\":\"a\\\"\\\\\",\"created\":1,\"system_fingerprint\":null,\"choices\":[],"
                        + "\"usage\":{\"prompt_tokens\":3,\"total_tokens\":7,\"completion_tokens\":4}}");
    }

    @Test
    void countsTheCharactersOfItsText() {
        assertThat(StreamedChunk.read(utf8("{\"choices\":[{\"text\":\"a\\ud83d\\ude00\\n\"}]}"))
                        .textLength())
                .isEqualTo(3);
        StreamedChunk chat = StreamedChunk.read(utf8("{\"choices\":[{\"delta\":{\"content\":\"😀é\"}}]}"));
        assertThat(chat.textLength()).isEqualTo(2);
        assertThat(chat.saysOther()).isFalse();
        assertThat(StreamedChunk.read(utf8("{\"choices\":[{\"delta\":{\"content\":null,\"tool_calls\":[{}]}}]}"))
                        .saysOther())
                .isTrue();
    }

    @Test
    void readsTheChunksOfVllm() {
        StreamedChunk opening = StreamedChunk.read(utf8("{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":"
                + "{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}],"
                + "\"prompt_token_ids\":[1, 2]}"));
        assertThat(opening.opens()).isTrue();
        assertThat(opening.promptTokenIds()).containsExactly(1, 2);
        assertThat(text(opening.rewritten(null, false)))
                .doesNotContain("token_ids")
                .endsWith("}]}");
        StreamedChunk silent = StreamedChunk.read(utf8("{\"choices\":[{\"index\":0,\"text\":\"\",\"logprobs\":null,"
                + "\"finish_reason\":null,\"token_ids\":[5],\"prompt_token_ids\":null}]}"));
        assertThat(silent.saysAnything()).isFalse();
        assertThat(silent.hasTokenIds()).isTrue();
        assertThat(text(silent.rewritten(null, false)))
                .isEqualTo("{\"choices\":[{\"index\":0,\"text\":\"\",\"logprobs\":null,\"finish_reason\":null}]}");
    }

    @Test
    void knowsUsageErrorsAndOtherChoices() {
        assertThat(StreamedChunk.read(utf8("{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}"))
                        .saysAnything())
                .isTrue();
        assertThat(StreamedChunk.read(utf8("{\"error\":{\"message\":\"x\"}}")).isError())
                .isTrue();
        assertThat(StreamedChunk.read(utf8("{\"choices\":[{\"index\":1,\"text\":\"x\"}]}"))
                        .isOfSeveral())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{", "{\"choices\":[", "{\"choices\":[{\"token_ids\":[1e9]"})
    void refusesWhatIsNoChunk(String data) {
        assertThatThrownBy(() -> StreamedChunk.read(utf8(data))).isInstanceOf(ServeException.class);
    }

    /// The JSON of an event.
    private static byte[] data(byte[] event) {
        return Arrays.copyOfRange(event, "data: ".length(), event.length - 2);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
