package io.llmserve.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.core.FinishReason;
import io.llmserve.wire.Finish.StopCause;
import io.llmserve.wire.Logprobs.Candidate;
import io.llmserve.wire.Logprobs.Position;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerWriterTest {
    private static final Candidate HALF = new Candidate(new byte[] {(byte) 0xC3}, -0.5f);
    private static final Candidate WORD = new Candidate(" word".getBytes(StandardCharsets.UTF_8), -1.25f);
    private static final Candidate NEVER = new Candidate(new byte[] {(byte) 0xC4}, Float.NEGATIVE_INFINITY);
    private static final Logprobs LOGPROBS =
            new Logprobs(List.of(new Position(WORD, List.of(HALF, NEVER)), new Position(HALF, List.of())), 7);

    @Test
    void writesChatLogprobsWithBytes() {
        JsonNode content = choice(AnswerShape.CHAT).at("/logprobs/content");
        assertThat(content.at("/0/token").textValue()).isEqualTo(" word");
        assertThat(content.at("/0/logprob").doubleValue()).isEqualTo(-1.25);
        assertThat(content.at("/0/bytes").toString()).isEqualTo("[32,119,111,114,100]");
        assertThat(content.at("/0/top_logprobs/0/bytes").toString()).isEqualTo("[195]");
        assertThat(content.at("/0/top_logprobs/0/token").textValue()).isEqualTo("\uFFFD");
        assertThat(content.at("/0/top_logprobs/1/logprob").doubleValue()).isEqualTo(-9999.0);
        assertThat(content.at("/1/top_logprobs").size()).isZero();
    }

    @Test
    void writesTextLogprobsWithOffsetsAndNoKeyTwice() {
        JsonNode logprobs = choice(AnswerShape.TEXT).path("logprobs");
        assertThat(logprobs.toString())
                .isEqualTo("{\"text_offset\":[7,12],\"token_logprobs\":[-1.25,-0.5],\"tokens\":[\" word\",\"\uFFFD\"],"
                        + "\"top_logprobs\":[{\"\uFFFD\":-0.5,\" word\":-1.25},{\"\uFFFD\":-0.5}]}");
    }

    @Test
    void aPromptsFirstTokenHasNoLogprob() {
        Logprobs echoed = new Logprobs(
                List.of(Position.unscored("Hi".getBytes(StandardCharsets.UTF_8)), new Position(WORD, List.of())), 0);
        JsonNode answer =
                write(AnswerShape.TEXT, new ChoicePart(0, "Hi word", echoed, null, Finish.usual(FinishReason.LENGTH)));
        assertThat(answer.at("/choices/0/logprobs").toString())
                .isEqualTo("{\"text_offset\":[0,2],\"token_logprobs\":[null,-1.25],\"tokens\":[\"Hi\",\" word\"],"
                        + "\"top_logprobs\":[null,{\" word\":-1.25}]}");
    }

    @Test
    void saysWhatStoppedIt() {
        assertThat(choice(AnswerShape.TEXT).path("stop_reason").textValue()).isEqualTo("END");
        JsonNode byToken = write(
                AnswerShape.TEXT,
                new ChoicePart(0, "", null, null, new Finish(FinishReason.STOP, new StopCause.Token(9))));
        assertThat(byToken.at("/choices/0/stop_reason").intValue()).isEqualTo(9);
    }

    @Test
    void escapesWhateverTheTextHolds() {
        StringBuilder text = new StringBuilder("\"\\/\b\f\n\r\t\u007F\u00e9\u20ac\ud83d\ude00\u2028");
        for (char control = 0; control < 32; control++) {
            text.append(control);
        }
        JsonNode answer = write(
                AnswerShape.CHAT, new ChoicePart(0, text.toString(), null, null, Finish.usual(FinishReason.STOP)));
        assertThat(answer.at("/choices/0/message/content").textValue()).isEqualTo(text.toString());
        JsonNode unpaired =
                write(AnswerShape.CHAT, new ChoicePart(0, "a\ud800b", null, null, Finish.usual(FinishReason.STOP)));
        assertThat(unpaired.at("/choices/0/message/content").textValue()).isEqualTo("a\uFFFDb");
    }

    private static JsonNode choice(AnswerShape shape) {
        Finish finish = new Finish(FinishReason.STOP, new StopCause.Text("END"));
        return write(shape, new ChoicePart(0, "x", LOGPROBS, null, finish)).at("/choices/0");
    }

    private static JsonNode write(AnswerShape shape, ChoicePart part) {
        AnswerHead head = new AnswerHead(shape, "id", 1, "m", "f");
        return Goldens.json(AnswerWriter.write(head, List.of(part), Usage.NONE));
    }
}
