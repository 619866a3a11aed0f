package io.llmserve.worker;

import static io.llmserve.worker.Harness.CHAT;
import static io.llmserve.worker.Harness.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.worker.WorkerOptions.Limits;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Whatever comes in: one clear answer, nothing left behind, and the next request is answered.
class BadInputTest {
    @RegisterExtension
    final Harness worker = new Harness();

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            {"prompt":                               | 400 | prompt       | not valid JSON
            {"prompt":"x"} trailing                  | 400 |              | not valid JSON
            not json                                 | 400 |              | not valid JSON
            []                                       | 400 |              | must be an object
            {"prompt":{"a":1}}                       | 400 | prompt       | got an object
            {"prompt":"x","model":"nope"}            | 404 | model        | The model `nope` does not exist. Valid aliases: tiny, org/tiny.
            {"prompt":"x","model":7}                 | 400 | model        | must be a string
            {"prompt":""}                            | 400 | prompt       | at least one token
            {"prompt":"x","max_tokens":0}            | 400 | max_tokens   | must be positive, or echo true; got 0
            {"prompt":"x","max_tokens":-1}           | 400 | max_tokens   | between 0 and 2147483647, got -1
            {"prompt":"x","max_tokens":0,"min_tokens":1,"echo":true} | 400 | min_tokens | at most max_tokens, 0, got 1
            {"prompt":"x","max_tokens":200}          | 400 | max_tokens   | (200 > 200 - 1)
            {"prompt":"x","min_tokens":9,"max_tokens":8} | 400 | min_tokens | at most max_tokens, 8, got 9
            {"prompt":"x","temperature":NaN}         | 400 | temperature  | NaN
            {"prompt":"x","temperature":1e999}       | 400 | temperature  | between 0.0 and 100.0
            {"prompt":"x","top_p":0}                 | 400 | top_p        | got 0
            {"prompt":"\\ud800"}                     | 400 | prompt       | unpaired surrogate
            {"prompt":[5,129]}                       | 400 | prompt       | Token id 129 is out of vocabulary: this model has 129 tokens
            {"prompt":"x","stop_token_ids":[500]}    | 400 | stop_token_ids | out of vocabulary
            {"prompt":"x","logit_bias":{"500":1}}    | 400 | logit_bias   | out of vocabulary
            {"prompt":"x","n":1000}                  | 400 | n            | between 1 and 128
            """)
    void refusesACompletionThatMakesNoSense(String body, int status, String parameter, String message) {
        HttpResponse<String> response = worker.post(TEXT, body);
        assertThat(response.statusCode()).isEqualTo(status);
        JsonNode error = Harness.json(response).path("error");
        assertThat(error.path("message").textValue()).contains(message);
        assertThat(error.path("param").textValue()).isEqualTo(parameter);
        assertThat(worker.engine.submitted()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            {"messages":[]}                                          | messages
            {"messages":[{"role":"user","content":"refuse me"}]}     | messages
            {"messages":[{"role":"user","content":"x"}],"tools":[{}]} | tools
            {"messages":[{"role":"user"}]}                           | messages[0].content
            """)
    void refusesAChatThatMakesNoSense(String body, String parameter) {
        HttpResponse<String> response = worker.post(CHAT, body);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(Harness.json(response).at("/error/param").textValue()).isEqualTo(parameter);
    }

    @Test
    void refusesAPromptBeyondTheContextWithBothNumbers() {
        JsonNode error = Harness.json(worker.post(TEXT, "{\"prompt\":\"" + "x".repeat(Harness.CONTEXT) + "\"}"))
                .path("error");
        assertThat(error.path("message").textValue())
                .contains("maximum context length is 200 tokens")
                .contains("200 input tokens");
        assertThat(error.path("param").textValue()).isEqualTo("input_tokens");
    }

    @Test
    void refusesPromptsOfHundredsOfThousandsOfTokens() {
        String ids = IntStream.range(0, 200_000).mapToObj(i -> "65").collect(Collectors.joining(","));
        assertThat(Harness.json(worker.post(TEXT, "{\"prompt\":[" + ids + "]}"))
                        .at("/error/message")
                        .textValue())
                .contains("200000 input tokens");
        HttpResponse<String> text = worker.post(
                CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"" + "word ".repeat(2_000_000) + "\"}]}");
        assertThat(text.statusCode()).isEqualTo(400);
        assertThat(text.body()).contains("at least 2000000 input tokens");
    }

    @Test
    void refusesToHoldMillionsOfLogprobs() {
        String prompt = "\"" + "x".repeat(190) + "\"";
        String prompts = String.join(",", Collections.nCopies(300, prompt));
        HttpResponse<String> response =
                worker.post(TEXT, "{\"prompt\":[" + prompts + "],\"echo\":true,\"logprobs\":20,\"max_tokens\":0}");
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("asks for 1197000 log-probabilities; at most 1048576 are allowed");
        assertThat(Harness.json(response).at("/error/param").textValue()).isEqualTo("logprobs");
    }

    @Test
    void refusesAThousandStopStrings() {
        String stops = IntStream.range(0, 1_000).mapToObj(i -> "\"s" + i + "\"").collect(Collectors.joining(","));
        HttpResponse<String> response = worker.post(TEXT, "{\"prompt\":\"x\",\"stop\":[" + stops + "]}");
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("than the 64 allowed");
    }

    @Test
    void refusesInvalidUtf8() {
        byte[] body = "{\"prompt\":\"?\"}".getBytes(StandardCharsets.UTF_8);
        body[11] = (byte) 0xC3;
        HttpResponse<String> response = worker.send(
                worker.request(TEXT).header("content-type", "application/json").POST(BodyPublishers.ofByteArray(body)));
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("not valid UTF-8");
    }

    @Test
    void refusesWhatIsBeyondTheQueueAndSaysWhenToComeBack() throws Exception {
        try (Harness full = new Harness(Harness.options())) {
            full.engine.queueLimit(2);
            full.engine.allow(0); // the first two cannot end before the third comes
            HttpResponse<String> response = full.post(TEXT, "{\"prompt\":\"x\",\"n\":3}");
            assertThat(response.statusCode()).isEqualTo(429);
            assertThat(response.headers().firstValue("retry-after")).contains("3");
            assertThat(Harness.json(response).at("/error/type").textValue()).isEqualTo("RateLimitError");
        }
    }

    @Test
    void refusesABodyBeyondItsLimit() throws Exception {
        Limits small = new Limits(1_000, 10, 100, 65_536);
        try (Harness strict = new Harness(Harness.options().with(small))) {
            String body = "{\"prompt\":\"" + "x".repeat(2_000) + "\"}";
            HttpResponse<String> declared = strict.post(TEXT, body);
            assertThat(declared.statusCode()).isEqualTo(413);
            assertThat(declared.body()).contains("2013 bytes; at most 1000");
            try (Socket socket = strict.socket()) {
                Harness.write(
                        socket,
                        "POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                                + "transfer-encoding: chunked\r\n\r\n"
                                + Integer.toHexString(body.length()) + "\r\n" + body + "\r\n");
                assertThat(Harness.read(socket)).startsWith("HTTP/1.1 413").contains("more than 1000 bytes");
            }
            strict.assertNothingLeft();
        }
    }

    @Test
    void refusesMoreOpenRequestsThanItsLimit() throws Exception {
        try (Harness narrow = new Harness(Harness.options().with(new Limits(1 << 20, 2, 100, 65_536)))) {
            narrow.engine.allow(0);
            List<Socket> sockets = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                Socket socket = narrow.socket();
                sockets.add(socket);
                Harness.write(socket, Harness.rawPost(TEXT, "{\"prompt\":\"x\"}"));
            }
            Harness.eventually(() -> narrow.engine.live() == 2);
            HttpResponse<String> third = narrow.post(TEXT, "{\"prompt\":\"x\"}");
            assertThat(third.statusCode()).isEqualTo(429);
            assertThat(third.headers().firstValue("retry-after")).contains("1");
            for (Socket socket : sockets) {
                socket.close();
            }
            narrow.assertNothingLeft();
        }
    }
}
