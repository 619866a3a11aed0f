package io.llmserve.wire;

import static io.llmserve.wire.Bodies.refusal;
import static io.llmserve.wire.Bodies.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Failure;
import io.llmserve.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

class SseParserTest {
    private static final String STREAM = """
            \uFEFF: hello\r
            event: chunk\rid: 7
            data: {"a":
            data:"é😀"}\r
            \r
            data

            retry: 5

            event: lost

            data: [DONE]

            """;

    @Test
    void followsTheStandard() {
        assertThat(parse(STREAM, 0))
                .containsExactly(
                        new SseEvent("chunk", "{\"a\":\n\"é😀\"}", "7"),
                        new SseEvent("", "", "7"),
                        new SseEvent("", "[DONE]", "7"));
    }

    @ParameterizedTest
    @Seeds(100)
    void seesTheSameHoweverTheBytesAreCut(long seed) {
        assertThat(parse(STREAM, seed + 1)).isEqualTo(parse(STREAM, 0));
    }

    @Test
    void knowsWhenAStreamWasCut() {
        SseParser parser = new SseParser(100, event -> {});
        parser.feed(utf8("data: x\n\n"));
        assertThat(parser.isWithinEvent()).isFalse();
        parser.feed(utf8("data: y\n"));
        assertThat(parser.isWithinEvent()).isTrue();
    }

    @Test
    void refusesAnEventWithoutEnd() {
        SseParser parser = new SseParser(100, event -> {});
        assertThat(refusal(() -> parser.feed(new byte[101])).failure()).isEqualTo(Failure.UPSTREAM);
    }

    @Test
    void readsChunksOfBothShapesAndErrors() {
        StreamChunk chat = StreamChunk.parse("{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"a\"},"
                + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}");
        assertThat(chat.parts()).containsExactly(new StreamChunk.Part(1, "a", java.util.Optional.of("stop")));
        assertThat(chat.usage()).contains(new Usage(3, 2, 0));
        StreamChunk text = StreamChunk.parse("{\"choices\":[{\"text\":\"b\",\"finish_reason\":null}],\"usage\":null}");
        assertThat(text.parts()).containsExactly(new StreamChunk.Part(0, "b", java.util.Optional.empty()));
        ErrorBody error = new ErrorBody("m", "t", null, 500);
        assertThat(StreamChunk.parse(new String(error.toJson(), java.nio.charset.StandardCharsets.UTF_8))
                        .error())
                .contains(error);
        assertThat(refusal(() -> StreamChunk.parse("oops")).failure()).isEqualTo(Failure.UPSTREAM);
        assertThat(refusal(() -> StreamChunk.parse("[]")).failure()).isEqualTo(Failure.UPSTREAM);
    }

    private static List<SseEvent> parse(String stream, long seed) {
        List<SseEvent> events = new ArrayList<>();
        SseParser parser = new SseParser(1_000, events::add);
        byte[] bytes = utf8(stream);
        Random random = new Random(seed);
        int from = 0;
        while (from < bytes.length) {
            int length = seed == 0 ? bytes.length : Math.min(bytes.length - from, random.nextInt(5));
            parser.feed(bytes, from, length);
            from += length;
        }
        return events;
    }
}
