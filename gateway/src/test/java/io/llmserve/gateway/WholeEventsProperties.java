package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import io.vertx.core.buffer.Buffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

final class WholeEventsProperties {
    @ParameterizedTest
    @Seeds(300)
    void howeverAStreamIsCutItPassesWholeAndOnlyBetweenEvents(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String end = random.nextBoolean() ? "\n\n" : "\r\n\r\n";
        StringBuilder stream = new StringBuilder();
        for (int i = random.nextInt(20); i > 0; i--) {
            stream.append("data: ")
                    .append("é\n x".repeat(random.nextInt(5)))
                    .append('e')
                    .append(end);
        }
        stream.append("data: [DONE]").append(end);
        byte[] bytes = stream.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
        WholeEvents events = new WholeEvents(1 << 20);
        Buffer passed = Buffer.buffer();
        for (int from = 0; from < bytes.length; ) {
            int to = Math.min(bytes.length, from + 1 + random.nextInt(30));
            passed.appendBuffer(events.accept(Buffer.buffer().appendBytes(bytes, from, to - from)));
            String text = passed.toString();
            assertThat(text.isEmpty() || text.endsWith(end)).isTrue();
            assertThat(events.complete()).isEqualTo(to == bytes.length);
            from = to;
        }
        assertThat(passed.getBytes()).isEqualTo(bytes);
    }

    @Test
    void aChunkOfWholeEventsIsPassedWithoutACopy() {
        Buffer chunk = Buffer.buffer("data: 1\n\ndata: 2\n\n");
        assertThat(new WholeEvents(100).accept(chunk)).isSameAs(chunk);
    }

    @Test
    void onlyTheLastEventMakesAStreamComplete() {
        assertThat(complete("data: [DONE]\n\n")).isTrue();
        assertThat(complete("data:[DONE]\n\n")).isTrue();
        assertThat(complete("data: 1\n\ndata: [DONE]\n\n")).isTrue();
        assertThat(complete("data: [DONE]\n\ndata: 1\n\n")).isFalse();
        assertThat(complete("data: [DONE]\n\ndata: 1")).isFalse();
        assertThat(complete("data: {\"x\":\"[DONE]\"}\n\n")).isFalse();
        assertThat(complete("data: x[DONE]\n\n")).isFalse();
        assertThat(complete("[DONE]\n\n")).isFalse();
        assertThat(complete("data: [DONE]")).isFalse();
        assertThat(complete("")).isFalse();
    }

    @Test
    void tellsWhenAnEventHasNoEnd() {
        WholeEvents events = new WholeEvents(10);
        assertThat(events.accept(Buffer.buffer("0123456789")).length()).isZero();
        assertThat(events.overfull()).isFalse();
        assertThat(events.accept(Buffer.buffer("0")).length()).isZero();
        assertThat(events.overfull()).isTrue();
    }

    private static boolean complete(String stream) {
        WholeEvents events = new WholeEvents(100);
        Buffer passed = events.accept(Buffer.buffer(stream));
        assertThat(stream).startsWith(passed.toString());
        return events.complete();
    }
}
