package io.llmserve.wire;

import static io.llmserve.wire.Bodies.completion;
import static io.llmserve.wire.Bodies.refusal;
import static io.llmserve.wire.Bodies.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompletionRequestTest {
    @Test
    void takesOpenAisDefaultsForWhatIsAbsent() {
        CompletionRequest request = CompletionRequest.parse(completion(""));
        assertThat(request.prompts()).containsExactly(new Prompt.Text("Hi"));
        assertThat(request.generation().sampling().stopping().maxTokens()).isEmpty();
        assertThat(request.addSpecialTokens()).isTrue();
    }

    @Test
    void takesTextsAndTokenIdsOneOrMany() {
        assertThat(CompletionRequest.parse(utf8("{\"prompt\":[\"a\",\"b\"]}")).prompts())
                .containsExactly(new Prompt.Text("a"), new Prompt.Text("b"));
        Prompt tokens =
                CompletionRequest.parse(utf8("{\"prompt\":[1,2,3]}")).prompts().getFirst();
        assertThat(((Prompt.Tokens) tokens).ids()).containsExactly(1, 2, 3);
        assertThat(CompletionRequest.parse(utf8("{\"prompt\":[[1],[2,3]]}")).prompts())
                .extracting(prompt -> ((Prompt.Tokens) prompt).ids().length)
                .containsExactly(1, 2);
    }

    @Test
    void readsHundredsOfThousandsOfTokenIds() {
        String ids = IntStream.range(0, 200_000).mapToObj(Integer::toString).collect(Collectors.joining(","));
        Prompt.Tokens prompt = (Prompt.Tokens) CompletionRequest.parse(utf8("{\"prompt\":[" + ids + "]}"))
                .prompts()
                .getFirst();
        assertThat(prompt.ids()).hasSize(200_000).endsWith(199_999);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            {}                                   | prompt       | prompt is required.
            {"prompt":null}                      | prompt       | prompt is required.
            {"prompt":[]}                        | prompt       | prompt must not be an empty list.
            {"prompt":[[]]}                      | prompt[0]    | prompt[0] must have at least one token id.
            {"prompt":7}                         | prompt       | prompt must be a string, a list of strings, a list of token ids or a list of lists of token ids, got 7.
            {"prompt":[1,"a"]}                   | prompt[1]    | prompt[1] must be an integer, got the string "a".
            {"prompt":["a",1]}                   | prompt[1]    | prompt[1] must be a string, got 1.
            {"prompt":[[1],[-1]]}                | prompt[1][0] | prompt[1][0] must be between 0 and 2147483647, got -1.
            {"prompt":[true]}                    | prompt[0]    | prompt[0] must be a string, a token id or a list of token ids, got true.
            {"prompt":"x","suffix":"y"}          | suffix       | suffix is not supported by this engine; leave it out or send one of [""].
            {"prompt":"x","logprobs":true}       | logprobs     | logprobs must be an integer, got true.
            {"prompt":"x","max_tokens":0,"logprobs":1} | max_tokens | max_tokens must be positive, or echo true; got 0 and false.
            {"max_tokens":-1,"prompt":"x","echo":true} | max_tokens | max_tokens must be between 0 and 2147483647, got -1.
            {"prompt":"x","max_completion_tokens":0} | max_tokens | max_tokens must be positive, or echo true; got 0 and false.
            {"prompt":["a","b","c","d","e","f","g","h","i"],"n":128} | prompt | 9 prompts with n 128 are 1152 sequences; at most 1024 are allowed in one request.
            """)
    void refusesWithThePathAndWhatIsAllowed(String body, String parameter, String message) {
        var refusal = refusal(() -> CompletionRequest.parse(utf8(body)));
        assertThat(refusal.parameter()).isEqualTo(parameter);
        assertThat(refusal.messageText()).isEqualTo(message);
    }

    @Test
    void anEchoMayBeAllowedNoTokenOfItsOwn() {
        CompletionRequest request =
                CompletionRequest.parse(utf8("{\"max_tokens\":0,\"prompt\":\"x\",\"logprobs\":1,\"echo\":true}"));
        assertThat(request.echo()).isTrue();
        assertThat(request.generation().sampling().logprobs()).isEqualTo(1);
        assertThat(request.generation().sampling().stopping().maxTokens()).hasValue(0);
    }

    @Test
    void readsTokenizeAndDetokenize() {
        TokenizeRequest text = TokenizeRequest.parse(utf8("{\"prompt\":\"x\",\"return_token_strs\":true}"));
        assertThat(text.input()).isEqualTo(new TokenizeRequest.Input.Text("x"));
        assertThat(text.addSpecialTokens()).isTrue();
        assertThat(text.returnTokenStrings()).isTrue();
        TokenizeRequest chat =
                TokenizeRequest.parse(utf8("{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"model\":\"m\"}"));
        assertThat(chat.addSpecialTokens()).isFalse();
        assertThat(chat.model()).contains("m");
        assertThat(refusal(() -> TokenizeRequest.parse(utf8("{}"))).parameter()).isEqualTo("prompt");
        assertThat(DetokenizeRequest.parse(utf8("{\"tokens\":[5,6]}")).tokens()).containsExactly(5, 6);
        assertThat(refusal(() -> DetokenizeRequest.parse(utf8("{}"))).parameter())
                .isEqualTo("tokens");
    }
}
