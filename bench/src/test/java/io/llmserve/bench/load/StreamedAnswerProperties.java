package io.llmserve.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamedAnswerProperties {
    private static final Shape SHAPE = new Shape("chat", 1, 10, 5);
    private static final String CHAT = """
            data: {"choices":[{"delta":{"role":"assistant","content":""}}]}

            data: {"choices":[{"delta":{"content":"Grüße"}}]}

            : a comment keeps the connection open

            data: {"choices":[{"delta":{"content":" 🙂"}}]}\r
            \r
            data:{"choices":[{"delta":{},"finish_reason":"stop"}]}

            data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":8}}}

            data: [DONE]

            """;

    @ParameterizedTest
    @Seeds(100)
    void readsTheSameWhereverTheBytesAreCut(long seed) {
        Random random = new Random(seed);
        byte[] bytes = CHAT.getBytes(StandardCharsets.UTF_8);
        StreamedAnswer answer = new StreamedAnswer();
        for (int from = 0; from < bytes.length; ) {
            int count = Math.min(bytes.length - from, 1 + random.nextInt(40));
            answer.accept(ByteBuffer.wrap(bytes, from, count), 1000 + from);
            from += count;
        }
        Outcome outcome = answer.outcome(SHAPE, 900, 9000);
        assertThat(outcome.error()).isEmpty();
        assertThat(outcome.usage()).isEqualTo(new Outcome.Usage(12, 8, 3));
        assertThat(outcome.timing().chunks())
                .as("the role and the finish are no text")
                .hasSize(2)
                .isSorted();
    }

    @Test
    void countsPiecesWhereTheServerReportsNoUsage() {
        Outcome outcome = read(
                "data: {\"choices\":[{\"text\":\"a\"}]}\n\ndata: {\"choices\":[{\"text\":\"b\"}]}\n\ndata: [DONE]\n\n");
        assertThat(outcome.usage().outputTokens()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            data: {"choices":[{"text":"a"}]}                | incomplete_stream
            data: {"error":{"message":"no pages"}}          | error_event
            data: {"choices":                               | malformed_event
            ''                                              | incomplete_stream
            """)
    void anAnswerThatDidNotComeWholeIsAFailure(String event, String error) {
        Outcome outcome = read(event + "\n\n");
        assertThat(outcome.complete()).isFalse();
        assertThat(outcome.error()).isEqualTo(error);
    }

    @Test
    void aLineWithoutEndIsNotKept() {
        StreamedAnswer answer = new StreamedAnswer();
        byte[] piece = new byte[1 << 16];
        for (int i = 0; i < 40; i++) {
            answer.accept(ByteBuffer.wrap(piece), i);
        }
        assertThat(answer.outcome(SHAPE, 0, 100).error()).isEqualTo("line_too_long");
    }

    private static Outcome read(String body) {
        StreamedAnswer answer = new StreamedAnswer();
        answer.accept(ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)), 50);
        return answer.outcome(SHAPE, 0, 100);
    }
}
