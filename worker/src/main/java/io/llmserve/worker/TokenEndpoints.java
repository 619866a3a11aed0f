package io.llmserve.worker;

import io.llmserve.wire.DetokenizeRequest;
import io.llmserve.wire.TokenizeAnswer;
import io.llmserve.wire.TokenizeRequest;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// `POST /tokenize` and `POST /detokenize`.
final class TokenEndpoints {
    private final ServedModel model;
    private final PromptCheck prompts;

    TokenEndpoints(ServedModel model, PromptCheck prompts) {
        this.model = model;
        this.prompts = prompts;
    }

    void tokenize(Exchange exchange, byte[] body) throws InterruptedException {
        TokenizeRequest request = TokenizeRequest.parse(body);
        model.resolve(request.model());
        Language language = model.language();
        int[] ids = switch (request.input()) {
            case TokenizeRequest.Input.Text text ->
                prompts.tokenizeAny(() -> language.encode(text.text(), request.addSpecialTokens()));
            case TokenizeRequest.Input.Conversation chat ->
                prompts.tokenizeAny(() -> language.encode(chat.messages(), chat.addGenerationPrompt()));
        };
        Optional<List<String>> spellings = request.returnTokenStrings()
                ? Optional.of(Arrays.stream(ids).mapToObj(language::spelling).toList())
                : Optional.empty();
        exchange.ok(new TokenizeAnswer(ids, model.contextLength(), spellings).toJson());
    }

    void detokenize(Exchange exchange, byte[] body) {
        DetokenizeRequest request = DetokenizeRequest.parse(body);
        model.resolve(request.model());
        int[] ids = prompts.inVocabulary("tokens", request.tokens());
        exchange.ok(TokenizeAnswer.detokenized(model.language().decode(ids, false)));
    }
}
