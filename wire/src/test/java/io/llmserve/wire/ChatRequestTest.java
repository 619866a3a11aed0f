package io.llmserve.wire;

import static io.llmserve.wire.Bodies.chat;
import static io.llmserve.wire.Bodies.refusal;
import static io.llmserve.wire.Bodies.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Failure;
import io.llmserve.core.SamplingParameters.Penalties;
import io.llmserve.core.SamplingParameters.Truncation;
import io.llmserve.core.ServeException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatRequestTest {
    @Test
    void takesOpenAisDefaultsForWhatIsAbsent() {
        ChatRequest request = ChatRequest.parse(chat(""));
        assertThat(request.messages()).containsExactly(new ChatMessage("user", "Hi"));
        assertThat(request.addGenerationPrompt()).isTrue();
        GenerationFields generation = request.generation();
        assertThat(generation.model()).contains("m");
        assertThat(generation.choices()).isEqualTo(1);
        assertThat(generation.sampling().truncation()).isEqualTo(new Truncation(1, 1, 0, 0));
        assertThat(generation.sampling().penalties()).isEqualTo(Penalties.NONE);
        assertThat(generation.sampling().seed()).isEmpty();
        assertThat(generation.sampling().wantsLogprobs()).isFalse();
        assertThat(generation.sampling().stopping().maxTokens()).isEmpty();
        assertThat(generation.output().stream()).isFalse();
        assertThat(generation.output().skipSpecialTokens()).isTrue();
    }

    @Test
    void readsEverySamplingField() {
        SamplingFields sampling = ChatRequest.parse(
                        chat(",\"temperature\":0.5,\"top_p\":0.9,\"top_k\":-1,\"min_p\":0.1,\"repetition_penalty\":1.2,"
                                + "\"presence_penalty\":-1,\"frequency_penalty\":2,\"logit_bias\":{\"42\":-100},\"seed\":-9,"
                                + "\"max_tokens\":5,\"max_completion_tokens\":6,\"min_tokens\":2,\"stop_token_ids\":[1,2],"
                                + "\"ignore_eos\":true,\"stop\":[\"a\",\"b\"],\"include_stop_str_in_output\":true,"
                                + "\"logprobs\":true,\"top_logprobs\":3"))
                .generation()
                .sampling();
        assertThat(sampling.truncation()).isEqualTo(new Truncation(0.5f, 0.9f, 0, 0.1f));
        assertThat(sampling.penalties()).isEqualTo(new Penalties(1.2f, -1, 2));
        assertThat(sampling.logitBias()).isEqualTo(Map.of(42, -100f));
        assertThat(sampling.seed()).hasValue(-9);
        assertThat(sampling.stopping().maxTokens()).hasValue(6);
        assertThat(sampling.stopping().minTokens()).isEqualTo(2);
        assertThat(sampling.stopping().stopTokenIds()).isEqualTo(Set.of(1, 2));
        assertThat(sampling.stopping().stop()).containsExactly("a", "b");
        assertThat(sampling.stopping().includeStop()).isTrue();
        assertThat(sampling.logprobs()).isEqualTo(3);
    }

    @Test
    void readsWhoAsksAndHowToAnswer() {
        GenerationFields generation = ChatRequest.parse(
                        chat(
                                ",\"n\":3,\"stream\":true,\"stream_options\":{\"include_usage\":true,"
                                        + "\"continuous_usage_stats\":true},\"return_token_ids\":true,\"skip_special_tokens\":false,"
                                        + "\"request_id\":\"r-1\",\"cache_salt\":\"s\",\"priority\":-5,\"user\":\"u\",\"metadata\":{\"a\":[]}"))
                .generation();
        assertThat(generation.choices()).isEqualTo(3);
        assertThat(generation.output()).isEqualTo(new GenerationFields.OutputFields(true, true, true, true, false));
        assertThat(generation.identity().requestId()).contains("r-1");
        assertThat(generation.identity().cacheSalt()).contains("s");
        assertThat(generation.identity().priority()).isEqualTo(-5);
    }

    @Test
    void joinsTextPartsByLineBreaks() {
        ChatRequest request = ChatRequest.parse(
                utf8(
                        "{\"messages\":[{\"role\":\"system\",\"content\":["
                                + "{\"type\":\"text\",\"text\":\"a\"},{\"text\":\"b\",\"type\":\"text\"}]},"
                                + "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[]},{\"role\":\"user\",\"content\":\"\"}]}"));
        assertThat(request.messages())
                .containsExactly(
                        new ChatMessage("system", "a\nb"),
                        new ChatMessage("assistant", ""),
                        new ChatMessage("user", ""));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            "max_tokens":"a"                          | max_tokens         | max_tokens must be an integer, got the string "a".
            "max_tokens":1.5                          | max_tokens         | max_tokens must be an integer, got 1.5.
            "max_tokens":0                            | max_tokens         | max_tokens must be between 1 and 2147483647, got 0.
            "max_tokens":-3                           | max_tokens         | max_tokens must be between 1 and 2147483647, got -3.
            "max_completion_tokens":99999999999999999999 | max_completion_tokens | max_completion_tokens must be between 1 and 2147483647, got 99999999999999999999.
            "temperature":-0.1                        | temperature        | temperature must be between 0.0 and 100.0, got -0.1.
            "temperature":1e999                       | temperature        | temperature must be between 0.0 and 100.0, got 1e999.
            "temperature":true                        | temperature        | temperature must be a number, got true.
            "top_p":1e-60                             | top_p              | top_p must be between 1.4E-45 and 1.0, got 1e-60.
            "n":129                                   | n                  | n must be between 1 and 128, got 129.
            "stream":"yes"                            | stream             | stream must be true or false, got the string "yes".
            "stop":[1]                                | stop[0]            | stop[0] must be a string, got 1.
            "stop":["a",""]                           | stop[1]            | stop[1] must have between 1 and 1024 characters, got 0.
            "stop":{}                                 | stop               | stop must be a string or a list of strings, got an object.
            "logit_bias":{"x":1}                      | logit_bias.x       | logit_bias.x must have a token id as its key.
            "logit_bias":{"5":101}                    | logit_bias.5       | logit_bias.5 must be between -100.0 and 100.0, got 101.
            "top_logprobs":21                         | top_logprobs       | top_logprobs must be between 0 and 20, got 21.
            "top_logprobs":2                          | top_logprobs       | top_logprobs is 2, but logprobs is not true.
            "stream_options":{"include_usage":true}   | stream_options     | stream_options is only allowed when stream is true.
            "cache_salt":""                           | cache_salt         | cache_salt must have between 1 and 1024 characters, got 0.
            "user":"x","stop":"\\ud800"               | stop               | stop has an unpaired surrogate (\\ud800) at position 0.
            """)
    void refusesWithThePathAndWhatIsAllowed(String field, String parameter, String message) {
        ServeException refusal = refusal(() -> ChatRequest.parse(chat("," + field.replace("\\\\", "\\"))));
        assertThat(refusal.failure()).isEqualTo(Failure.INVALID_REQUEST);
        assertThat(refusal.parameter()).isEqualTo(parameter);
        assertThat(refusal.messageText()).isEqualTo(message.replace("\\\\", "\\"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            {}                                                       | messages
            {"messages":null}                                        | messages
            {"messages":[]}                                          | messages
            {"messages":"hi"}                                        | messages
            {"messages":["hi"]}                                      | messages[0]
            {"messages":[{"content":"x"}]}                           | messages[0].role
            {"messages":[{"role":"user"}]}                           | messages[0].content
            {"messages":[{"role":"wizard","content":"x"}]}           | messages[0].role
            {"messages":[{"role":"user","content":7}]}               | messages[0].content
            {"messages":[{"role":"user","content":[{"type":"image_url"}]}]}   | messages[0].content[0].type
            {"messages":[{"role":"user","content":[{"type":"text"}]}]}        | messages[0].content[0].text
            {"messages":[{"role":"user","content":[{"type":"text","text":1}]}]} | messages[0].content[0].text
            {"messages":[{"role":"assistant","content":"x","tool_calls":[{}]}]} | messages[0].tool_calls
            """)
    void refusesMessagesThatAreNone(String body, String parameter) {
        assertThat(refusal(() -> ChatRequest.parse(utf8(body))).parameter()).isEqualTo(parameter);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"tools\":[{\"type\":\"function\"}]",
                "\"tool_choice\":\"required\"",
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{}}",
                "\"response_format\":{\"type\":\"json_object\"}",
                "\"audio\":{\"voice\":\"x\"}",
                "\"modalities\":[\"text\",\"audio\"]",
                "\"structured_outputs\":{\"choice\":[\"a\"]}",
                "\"best_of\":3",
                "\"lora_request\":{}",
                "\"prompt_logprobs\":1",
                "\"store\":true"
            })
    void refusesWhatItKnowsAndCannotDo(String field) {
        assertThat(refusal(() -> ChatRequest.parse(chat("," + field))).messageText())
                .contains("is not supported by this engine");
    }

    @Test
    void acceptsTheSameFieldsAtTheirNeutralValues() {
        ChatRequest request = ChatRequest.parse(
                chat(",\"tools\":[],\"tool_choice\":\"none\",\"response_format\":{\"type\":\"text\"},\"audio\":null,"
                        + "\"modalities\":[\"text\"],\"n\":2,\"best_of\":2,\"store\":false,\"lora_request\":null,"
                        + "\"chat_template_kwargs\":{},\"a_field_nobody_knows\":{\"deep\":[{}]}"));
        assertThat(request.generation().choices()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"NaN", "Infinity", "-Infinity", "+1", "01", "0x10", ".5", "1."})
    void refusesNumbersThatJsonDoesNotKnow(String number) {
        ServeException refusal = refusal(() -> ChatRequest.parse(chat(",\"temperature\":" + number)));
        assertThat(refusal.failure()).isEqualTo(Failure.INVALID_REQUEST);
        assertThat(refusal.parameter()).isEqualTo("temperature");
    }

    @Test
    void refusesOneStopStringTooMany() {
        String many = "\"x\",".repeat(1_000);
        ServeException refusal =
                refusal(() -> ChatRequest.parse(chat(",\"stop\":[" + many.substring(0, many.length() - 1) + "]")));
        assertThat(refusal.messageText()).isEqualTo("stop[64] is one stop string more than the 64 allowed.");
    }

    @Test
    void refusesInvalidUtf8AnywhereInTheBody() {
        byte[] body = chat(",\"unknown\":\"?\"");
        body[body.length - 3] = (byte) 0xFF;
        assertThat(refusal(() -> ChatRequest.parse(body)).messageText())
                .isEqualTo(
                        "The body is not valid UTF-8: byte %d (0xff) of %d.".formatted(body.length - 3, body.length));
        byte[] overlong = new String(body, StandardCharsets.ISO_8859_1)
                .replace("\u00FF", "\u00C0\u0080")
                .getBytes(StandardCharsets.ISO_8859_1);
        assertThat(refusal(() -> ChatRequest.parse(overlong)).messageText()).contains("not valid UTF-8");
    }

    @Test
    void refusesDeepNestingHugeNumbersAndKeysGivenTwice() {
        assertThat(refusal(() -> ChatRequest.parse(chat(",\"x\":" + "[".repeat(100_000))))
                        .failure())
                .isEqualTo(Failure.INVALID_REQUEST);
        assertThat(refusal(() -> ChatRequest.parse(chat(",\"x\":" + "9".repeat(100_000))))
                        .failure())
                .isEqualTo(Failure.INVALID_REQUEST);
        assertThat(refusal(() -> ChatRequest.parse(chat(",\"model\":\"b\""))).messageText())
                .contains("Duplicate field 'model'");
    }

    @Test
    void refusesTextInAnotherEncoding() {
        byte[] utf16 = "{\"messages\":[]}".getBytes(StandardCharsets.UTF_16LE);
        assertThat(refusal(() -> ChatRequest.parse(utf16)).failure()).isEqualTo(Failure.INVALID_REQUEST);
    }
}
