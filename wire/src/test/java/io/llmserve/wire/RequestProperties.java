package io.llmserve.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.testkit.Seeds;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;

class RequestProperties {
    private static final String[] VALUES = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1",
        "2147483648",
        "9223372036854775808",
        "1e400",
        "-1e-400",
        "0.5",
        "NaN",
        "\"\"",
        "\"x\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "[]",
        "{}",
        "[null]",
        "[1,\"a\"]",
        "[[]]",
        "[[[1]]]",
        "{\"1\":2}",
        "{\"type\":\"text\"}",
        "[{\"role\":\"user\",\"content\":\"x\"}]",
        "{\"a\":",
        "[",
        "\"",
        "tru"
    };

    private static final String[] NAMES = {
        "model",
        "messages",
        "prompt",
        "tokens",
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "repetition_penalty",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "seed",
        "stop",
        "stop_token_ids",
        "max_tokens",
        "max_completion_tokens",
        "min_tokens",
        "n",
        "best_of",
        "logprobs",
        "top_logprobs",
        "stream",
        "stream_options",
        "echo",
        "suffix",
        "tools",
        "response_format",
        "request_id",
        "cache_salt",
        "priority",
        "ignore_eos",
        "return_token_ids",
        "skip_special_tokens",
        "unknown",
        "",
        "\\u0000",
        "\\ud800"
    };

    /// Whatever the bytes: a value, or one INVALID_REQUEST with a message.
    @ParameterizedTest
    @Seeds(2_000)
    void endsInAValueOrInOneRefusal(long seed) {
        Random random = new Random(seed);
        byte[] body = damaged(object(random).getBytes(StandardCharsets.UTF_8), random);
        accepts(body, ChatRequest::parse);
        accepts(body, CompletionRequest::parse);
        accepts(body, TokenizeRequest::parse);
        accepts(body, DetokenizeRequest::parse);
        accepts(body, RequestPeek::of);
    }

    /// What a worker accepts, a router before it can read, and sees the same in it.
    @ParameterizedTest
    @Seeds(2_000)
    void peekAgreesWithTheFullReading(long seed) {
        Random random = new Random(seed);
        byte[] body = object(random).getBytes(StandardCharsets.UTF_8);
        if (!accepts(body, CompletionRequest::parse)) {
            return;
        }
        RequestPeek peek = RequestPeek.of(body);
        GenerationFields fields = CompletionRequest.parse(body).generation();
        assertThat(peek.model().orElse("")).isEqualTo(fields.model().orElse(""));
        assertThat(peek.stream()).isEqualTo(fields.output().stream());
        assertThat(peek.choices()).isEqualTo(fields.choices());
    }

    private static String object(Random random) {
        StringBuilder body = new StringBuilder(random.nextBoolean() ? "{\"prompt\":\"p\"" : "{\"x\":1");
        for (int field = random.nextInt(4); field >= 0; field--) {
            body.append(",\"").append(pick(NAMES, random)).append("\":").append(pick(VALUES, random));
        }
        return body.append('}').toString();
    }

    private static byte[] damaged(byte[] body, Random random) {
        switch (random.nextInt(4)) {
            case 0 -> body[random.nextInt(body.length)] = (byte) random.nextInt(256);
            case 1 -> {
                return Arrays.copyOf(body, random.nextInt(body.length));
            }
            case 2 -> {
                return Arrays.copyOf(body, body.length + 1 + random.nextInt(3));
            }
            default -> {
                return body;
            }
        }
        return body;
    }

    private static <T> boolean accepts(byte[] body, Function<byte[], T> parser) {
        try {
            T _ = parser.apply(body);
            return true;
        } catch (ServeException refusal) {
            assertThat(refusal.failure()).isEqualTo(Failure.INVALID_REQUEST);
            assertThat(refusal.messageText()).isNotBlank();
            return false;
        }
    }

    private static String pick(String[] choices, Random random) {
        return choices[random.nextInt(choices.length)];
    }
}
